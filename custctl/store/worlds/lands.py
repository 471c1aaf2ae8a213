"""The lands that customers of a generated world are in: how people, companies, streets and postal codes look there.

A name in another script, or with letters outside ASCII, is followed by the letters it has in an e-mail address. In
`forms` of a company {B} is a family's name and {T} a trade, in streets {N} a number; in other patterns `#` is a digit
and `@` a capital letter. Regions are those of ISO 3166-2; the rules of addresses hold them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Name(NamedTuple):
    """A name, and how it is written in an e-mail address."""

    text: str
    plain: str


class City(NamedTuple):
    name: Name
    region: str | None


@dataclass(frozen=True, slots=True)
class Land:
    """One country, and how often customers are there."""

    country: str
    share: int
    currency: str
    cities: tuple[City, ...]
    postal_code: str
    phone: str
    streets: tuple[str, ...]
    first_names: tuple[Name, ...]
    last_names: tuple[Name, ...]
    trades: tuple[Name, ...]
    forms: tuple[str, ...]
    person: str = "{first} {last}"


def _names(text: str) -> tuple[Name, ...]:
    return tuple(_name(word) for word in text.split())


def _name(word: str) -> Name:
    text, _, plain = word.partition("=")
    return Name(text.replace("_", " "), plain or text.replace("_", "").lower())


def _cities(text: str) -> tuple[City, ...]:
    return tuple(
        City(_name(name), region or None) for name, _, region in (word.partition("/") for word in text.split())
    )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.split("|"))


_LATIN_TRADES = _names(
    "Tools Bearings Paper Seeds Optics Pumps Valves Textiles Glass Timber Lighting Foods Cables Paints Packaging Steel"
)

LANDS = (
    Land(
        country="US",
        share=24,
        currency="USD",
        cities=_cities(
            "Newark/US-NJ Phoenix/US-AZ Chicago/US-IL Portland/US-OR Haines_City/US-FL Austin/US-TX Dayton/US-OH"
            " Tacoma/US-WA Boise/US-ID Mobile/US-AL"
        ),
        postal_code="#####",
        phone="+1 ### 555 01##",
        streets=_lines(
            "{N} Orchard Avenue | {N} Market Street | {N} Saguaro Road | {N} Harbor Lane | {N} Alameda Boulevard"
        ),
        first_names=_names("Amanda Bob Dana Grace Noah Olivia Carlos Wanda Luis Erin Malik Tyra Jesse Kaitlyn"),
        last_names=_names(
            "Adams Brown Castro Evans Jones Reyes Park Hill Vega Cole Washington Nguyen O'Neill=oneill Moore"
        ),
        trades=_LATIN_TRADES,
        forms=_lines("{B} {T} Inc | {B} & Sons {T} | {B} {T} LLC | Bluewater {T} of {B} | The {B} {T} Company"),
    ),
    Land(
        country="DE",
        share=16,
        currency="EUR",
        cities=_cities(
            "München=muenchen/DE-BY Köln=koeln/DE-NW Lindau/DE-BY Hamburg/DE-HH Görlitz=goerlitz/DE-SN"
            " Tübingen=tuebingen/DE-BW Kiel/DE-SH Erfurt/DE-TH"
        ),
        postal_code="#####",
        phone="+49 ### #######",
        streets=_lines("Lindenstraße {N} | Am Güterbahnhof {N} | Hauptstraße {N} | Nußbaumallee {N} | Königsweg {N}"),
        first_names=_names("Jürgen=juergen Anna Käthe=kaethe Lena Uwe Björn=bjoern Sabine Heiko Zoë=zoe Murat Franz"),
        last_names=_names(
            "Müller=mueller Weiß=weiss Schröder=schroeder Vogt Lang Fischer Özdemir=oezdemir Brandt Kühn=kuehn"
        ),
        trades=_names(
            "Pumpen Werkzeuge Kugellager Papier Saatgut Gläser=glaeser Textilien Kabel Farben Leuchten Möbel=moebel"
        ),
        forms=_lines(
            "{B} {T} GmbH | {B} & Söhne {T} KG | {T}-Haus {B} | {B} {T} AG | Vereinigte {T} {B} und Umland eG"
        ),
    ),
    Land(
        country="GB",
        share=10,
        currency="GBP",
        cities=_cities("Leeds/GB-LDS Bristol/GB-BST Cardiff/GB-CRF Glasgow/GB-GLG Dover/GB-KEN Manchester/GB-MAN"),
        postal_code="@@# #@@",
        phone="+44 1632 96####",
        streets=_lines("{N} Mill Lane | {N} Station Road | Unit {N}, Canal Trading Estate | {N} Cathedral Close"),
        first_names=_names("Priya Owen Siân=sian Hamish Florence Ikram Rhys Beatrice Tom Zadie"),
        last_names=_names("Hughes Patel Ashford Campbell Wright Okafor Llewellyn Baker D'Arcy=darcy Singh"),
        trades=_LATIN_TRADES,
        forms=_lines("{B} {T} Ltd | {B} & Daughters {T} | {T} of {B} plc | {B} {T} LLP"),
    ),
    Land(
        country="FR",
        share=9,
        currency="EUR",
        cities=_cities("Lyon/FR-69 Nîmes=nimes/FR-30 Orléans=orleans/FR-45 Brest/FR-29 Besançon=besancon/FR-25"),
        postal_code="#####",
        phone="+33 1 99 00 ## ##",
        streets=_lines("{N} rue de la République | {N} avenue de l’Hôtel-de-Ville | {N} bis, quai Saint-Étienne"),
        first_names=_names(
            "Chloé=chloe Émile=emile Inès=ines Théo=theo Maëlys=maelys Jean-Baptiste Aïcha=aicha Noël=noel"
        ),
        last_names=_names("Lefèvre=lefevre Dubois Gagné=gagne Moreau D’Aubigné=daubigne Benoît=benoit N’Diaye=ndiaye"),
        trades=_names(
            "Outillage Papeterie Pompes Semences Optique Verrerie Éclairage=eclairage Câbles=cables Peintures"
        ),
        forms=_lines("{T} {B} SAS | Établissements {B} {T} | {B} & Fils, {T} | Société des {T} de {B} SA"),
    ),
    Land(
        country="ES",
        share=7,
        currency="EUR",
        cities=_cities("Sevilla/ES-SE Málaga=malaga/ES-MA Logroño=logrono/ES-LO Cádiz=cadiz/ES-CA Girona/ES-GI"),
        postal_code="#####",
        phone="+34 9## ### ###",
        streets=_lines("Calle del Olmo {N} | Avenida de la Constitución {N} | Polígono Industrial Sur, nave {N}"),
        first_names=_names(
            "Íñigo=inigo María=maria Begoña=begona Nuria Álvaro=alvaro Lucía=lucia Pau Concepción=concepcion"
        ),
        last_names=_names(
            "García=garcia Núñez=nunez Ibáñez=ibanez Ferrer Peña=pena Muñoz=munoz Marín=marin Vázquez=vazquez"
        ),
        trades=_names("Herramientas Rodamientos Papeles Semillas Bombas Válvulas=valvulas Vidrios Cables Pinturas"),
        forms=_lines("{T} {B} S.A. | {B} Hermanos {T} S.L. | {T} de {B} | Cooperativa de {T} de {B}"),
    ),
    Land(
        country="SE",
        share=6,
        currency="SEK",
        cities=_cities("Malmö=malmo/SE-M Göteborg=goteborg/SE-O Umeå=umea/SE-AC Växjö=vaxjo/SE-G Luleå=lulea/SE-BD"),
        postal_code="### ##",
        phone="+46 ## ### ## ##",
        streets=_lines("Storgatan {N} | Björkvägen {N} | Östra Hamngatan {N} | Skeppsbron {N}"),
        first_names=_names("Åsa=asa Björn=bjorn Märta=marta Nils Linnéa=linnea Göran=goran Ingrid Sören=soren"),
        last_names=_names(
            "Ekberg Sjöström=sjostrom Åkesson=akesson Lindqvist Öberg=oberg Nyström=nystrom Håkansson=hakansson"
        ),
        trades=_names("Verktyg Kullager Papper Pumpar Ventiler Belysning Kablar Färger=farger Trävaror=travaror"),
        forms=_lines("{B} {T} AB | {T} i {B} AB | {B} & Co {T} HB"),
    ),
    Land(
        country="PL",
        share=6,
        currency="PLN",
        cities=_cities(
            "Łódź=lodz/PL-10 Kraków=krakow/PL-12 Gdańsk=gdansk/PL-22 Wrocław=wroclaw/PL-02 Białystok=bialystok/PL-20"
        ),
        postal_code="##-###",
        phone="+48 ### ### ###",
        streets=_lines("ul. Świętokrzyska {N} | ul. Długa {N} | al. Niepodległości {N} | ul. Źródlana {N}"),
        first_names=_names(
            "Łukasz=lukasz Zofia Małgorzata=malgorzata Paweł=pawel Żaneta=zaneta Marek Agnieszka Stanisław=stanislaw"
        ),
        last_names=_names(
            "Kowalski Nowak Wójcik=wojcik Dąbrowski=dabrowski Szczęsny=szczesny Żak=zak Błaszczyk=blaszczyk"
        ),
        trades=_names(
            "Narzędzia=narzedzia Łożyska=lozyska Papier Pompy Oświetlenie=oswietlenie Kable Farby Szkło=szklo"
        ),
        forms=_lines("{T} {B} sp. z o.o. | {B} {T} S.A. | Zakład {T} „{B}”"),
    ),
    Land(
        country="TR",
        share=4,
        currency="TRY",
        cities=_cities("İzmir=izmir/TR-35 Eskişehir=eskisehir/TR-26 Iğdır=igdir/TR-76 Bursa/TR-16"),
        postal_code="#####",
        phone="+90 ### ### ## ##",
        streets=_lines("Atatürk Caddesi No: {N} | Çınar Sokak No: {N} | Organize Sanayi Bölgesi {N}. Cadde"),
        first_names=_names("Şebnem=sebnem Gökhan=gokhan Işıl=isil Çağla=cagla Ümit=umit Ayşe=ayse İlker=ilker"),
        last_names=_names("Yılmaz=yilmaz Öztürk=ozturk Çelik=celik Şahin=sahin Güneş=gunes Irmak"),
        trades=_names("Pompa Rulman Kağıt=kagit Tohum Aydınlatma=aydinlatma Kablo Boya Çelik=celik"),
        forms=_lines("{B} {T} A.Ş. | {B} {T} Ltd. Şti. | {B} {T} ve Ticaret"),
    ),
    Land(
        country="JP",
        share=6,
        currency="JPY",
        cities=_cities("東京=tokyo/JP-13 大阪=osaka/JP-27 神戸=kobe/JP-28 札幌=sapporo/JP-01 名古屋=nagoya/JP-23"),
        postal_code="###-####",
        phone="+81 3 #### ####",
        streets=_lines("中央{N}丁目1番 | 本町{N}-4 | 港南{N}-12-7"),
        first_names=_names("太郎=taro 花子=hanako 美咲=misaki 健=ken 陽菜=hina 翔太=shota 由美子=yumiko"),
        last_names=_names("佐藤=sato 鈴木=suzuki 高橋=takahashi 伊藤=ito 渡辺=watanabe 山本=yamamoto 中村=nakamura"),
        trades=_names(
            "ポンプ=pumps 工具=tools 製紙=paper 光学=optics 照明=lighting 電線=cables 塗料=paints 硝子=glass"
        ),
        forms=_lines("{B}{T}株式会社 | 株式会社{B}{T} | {B}{T}工業 | {B}{T}商会"),
        person="{last}{first}",
    ),
    Land(
        country="CN",
        share=5,
        currency="CNY",
        cities=_cities(
            "上海=shanghai/CN-SH 北京=beijing/CN-BJ 广州=guangzhou/CN-GD 成都=chengdu/CN-SC 西安=xian/CN-SN"
        ),
        postal_code="######",
        phone="+86 10 #### ####",
        streets=_lines("人民路{N}号 | 解放大道{N}号 | 工业园区三路{N}号"),
        first_names=_names("伟=wei 芳=fang 秀英=xiuying 娜=na 磊=lei 静=jing 建国=jianguo"),
        last_names=_names("王=wang 李=li 张=zhang 刘=liu 陈=chen 欧阳=ouyang 赵=zhao"),
        trades=_names("水泵=pumps 工具=tools 轴承=bearings 纸业=paper 玻璃=glass 电缆=cables 涂料=paints 钢铁=steel"),
        forms=_lines("{B}{T}有限公司 | {B}{T}股份有限公司 | {B}{T}集团 | {B}{T}贸易行"),
        person="{last}{first}",
    ),
    Land(
        country="SA",
        share=4,
        currency="SAR",
        cities=_cities("الرياض=riyadh/SA-01 جدة=jeddah/SA-02 الدمام=dammam/SA-04 أبها=abha/SA-14"),
        postal_code="#####",
        phone="+966 11 ### ####",
        streets=_lines("شارع الملك فهد {N} | طريق الأمير سلطان {N} | حي الصناعية {N}"),
        first_names=_names("محمد=mohammed فاطمة=fatimah عبدالله=abdullah نورة=noura خالد=khalid ليلى=layla"),
        last_names=_names("الغامدي=alghamdi القحطاني=alqahtani الحربي=alharbi الزهراني=alzahrani الشمري=alshammari"),
        trades=_names("مضخات=pumps أدوات=tools ورق=paper زجاج=glass إنارة=lighting كابلات=cables"),
        forms=_lines("شركة {B} {T} | مؤسسة {B} {T} التجارية | مجموعة {B} {T}"),
    ),
    Land(
        country="IL",
        share=2,
        currency="ILS",
        cities=_cities("חיפה=haifa/IL-HA אילת=eilat/IL-D נתניה=netanya/IL-M"),
        postal_code="#######",
        phone="+972 3 ### ####",
        streets=_lines("רחוב הרצל {N} | שדרות העצמאות {N} | דרך הים {N}"),
        first_names=_names("נועה=noa יוסף=yosef תמר=tamar אורי=uri מרים=miriam"),
        last_names=_names("כהן=cohen לוי=levi מזרחי=mizrahi פרץ=peretz ביטון=biton"),
        trades=_names("משאבות=pumps כלים=tools נייר=paper זכוכית=glass כבלים=cables"),
        forms=_lines("{B} {T} בע״מ | {T} {B} ובניו | קבוצת {B} {T}"),
    ),
    Land(
        country="HK",
        share=1,
        currency="HKD",
        cities=_cities("九龍=kowloon/ 灣仔=wanchai/ 荃灣=tsuenwan/"),
        postal_code="999077",
        phone="+852 3### ####",
        streets=_lines("彌敦道{N}號 | 軒尼詩道{N}號"),
        first_names=_names("家豪=kaho 詠詩=wingsze 志明=chiming 嘉欣=kayan"),
        last_names=_names("陳=chan 黃=wong 梁=leung 鄭=cheng"),
        trades=_names("五金=hardware 玻璃=glass 電纜=cables 紙品=paper"),
        forms=_lines("{B}{T}有限公司 | {B}{T}行"),
        person="{last}{first}",
    ),
)
"""Every land; some more often than others."""

SHARES = tuple(land for land in LANDS for _ in range(land.share))
"""The lands as often as they come up."""
