"""Generated worlds: customers, their people and papers, as many as wanted and the same for the same seed.

`draw` draws, `lands` knows names and places, `world` makes records as documents write them. Where they go is said
by `filling` (a database) and `files` (documents and sheets).
"""

from custctl.store.worlds.skeleton import Size
from custctl.store.worlds.world import World

__all__ = ["Size", "World"]
