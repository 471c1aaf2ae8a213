"""Imports: the rows of a sheet into records, in one transaction and one revision, however many there are.

`wanted` says what is asked for and what comes of it, `matching` finds the records that rows mean, `waiting` keeps the
rows whose parent comes later, `engine` takes the rows chunk by chunk through the unit of work, `rejects` writes those
that were not taken. Memory does not grow with the file: a chunk is written before the next one is read.
"""
