"""The councils of England, and finding them in a question.

The list holds the places that give England's principal councils their names: counties, unitary
authorities, metropolitan and London boroughs, districts. It serves to say "there is no report
about Leeds on this shelf" instead of answering from another council's report.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

_PLACES = """
Adur; Amber Valley; Arun; Ashfield; Ashford; Babergh; Barking and Dagenham; Barnet; Barnsley;
Basildon; Basingstoke and Deane; Bassetlaw; Bath and North East Somerset; Bedford; Bexley;
Birmingham; Blaby; Blackburn with Darwen; Blackpool; Bolsover; Bolton; Boston; Bournemouth,
Christchurch and Poole; Bracknell Forest; Bradford; Braintree; Breckland; Brent; Brentwood;
Brighton and Hove; Bristol; Broadland; Bromley; Bromsgrove; Broxbourne; Broxtowe; Buckinghamshire;
Burnley; Bury; Calderdale; Cambridge; Cambridgeshire; Camden; Cannock Chase; Canterbury; Castle
Point; Central Bedfordshire; Charnwood; Chelmsford; Cheltenham; Cherwell; Cheshire East; Cheshire
West and Chester; Chesterfield; Chichester; Chorley; Colchester; Cornwall; Cotswold; County
Durham; Coventry; Crawley; Croydon; Cumberland; Dacorum; Darlington; Dartford; Derby; Derbyshire;
Derbyshire Dales; Devon; Doncaster; Dorset; Dover; Dudley; Ealing; East Cambridgeshire; East
Devon; East Hampshire; East Hertfordshire; East Lindsey; East Riding of Yorkshire; East
Staffordshire; East Suffolk; East Sussex; Eastbourne; Eastleigh; Elmbridge; Enfield; Epping
Forest; Epsom and Ewell; Erewash; Essex; Exeter; Fareham; Fenland; Folkestone and Hythe; Forest of
Dean; Fylde; Gateshead; Gedling; Gloucester; Gloucestershire; Gosport; Gravesham; Great Yarmouth;
Greenwich; Guildford; Hackney; Halton; Hammersmith and Fulham; Hampshire; Harborough; Haringey;
Harlow; Harrow; Hart; Hartlepool; Hastings; Havant; Havering; Herefordshire; Hertfordshire;
Hertsmere; High Peak; Hillingdon; Hinckley and Bosworth; Horsham; Hounslow; Huntingdonshire;
Hyndburn; Ipswich; Isle of Wight; Isles of Scilly; Islington; Kensington and Chelsea; Kent; King's
Lynn and West Norfolk; Kingston upon Hull; Kingston upon Thames; Kirklees; Knowsley; Lambeth;
Lancashire; Lancaster; Leeds; Leicester; Leicestershire; Lewes; Lewisham; Lichfield; Lincoln;
Lincolnshire; Liverpool; Luton; Maidstone; Maldon; Malvern Hills; Manchester; Mansfield; Medway;
Melton; Merton; Mid Devon; Mid Suffolk; Mid Sussex; Middlesbrough; Milton Keynes; Mole Valley; New
Forest; Newark and Sherwood; Newcastle upon Tyne; Newcastle-under-Lyme; Newham; Norfolk; North
Devon; North East Derbyshire; North East Lincolnshire; North Hertfordshire; North Kesteven; North
Lincolnshire; North Norfolk; North Northamptonshire; North Somerset; North Tyneside; North
Warwickshire; North West Leicestershire; North Yorkshire; Northumberland; Norwich; Nottingham;
Nottinghamshire; Nuneaton and Bedworth; Oadby and Wigston; Oldham; Oxford; Oxfordshire; Pendle;
Peterborough; Plymouth; Portsmouth; Preston; Reading; Redbridge; Redcar and Cleveland; Redditch;
Reigate and Banstead; Ribble Valley; Richmond upon Thames; Rochdale; Rochford; Rossendale; Rother;
Rotherham; Rugby; Runnymede; Rushcliffe; Rushmoor; Rutland; Salford; Sandwell; Sefton; Sevenoaks;
Sheffield; Shropshire; Slough; Solihull; Somerset; South Cambridgeshire; South Derbyshire; South
Gloucestershire; South Hams; South Holland; South Kesteven; South Norfolk; South Oxfordshire;
South Ribble; South Staffordshire; South Tyneside; Southampton; Southend-on-Sea; Southwark;
Spelthorne; St Albans; St Helens; Stafford; Staffordshire; Staffordshire Moorlands; Stevenage;
Stockport; Stockton-on-Tees; Stoke-on-Trent; Stratford-on-Avon; Stroud; Suffolk; Sunderland;
Surrey; Surrey Heath; Sutton; Swale; Swindon; Tameside; Tamworth; Tandridge; Teignbridge; Telford
and Wrekin; Tendring; Test Valley; Tewkesbury; Thanet; Three Rivers; Thurrock; Tonbridge and
Malling; Torbay; Torridge; Tower Hamlets; Trafford; Tunbridge Wells; Uttlesford; Vale of White
Horse; Wakefield; Walsall; Waltham Forest; Wandsworth; Warrington; Warwick; Warwickshire; Watford;
Waverley; Wealden; Welwyn Hatfield; West Berkshire; West Devon; West Lancashire; West Lindsey;
West Northamptonshire; West Oxfordshire; West Suffolk; West Sussex; Westminster; Westmorland and
Furness; Wigan; Wiltshire; Winchester; Windsor and Maidenhead; Wirral; Woking; Wokingham;
Wolverhampton; Worcester; Worcestershire; Worthing; Wychavon; Wyre; Wyre Forest; York
"""
PLACES = tuple(" ".join(place.split()) for place in _PLACES.split(";"))
"""The places of England's principal councils, alphabetical."""

_ALSO_WORDS = frozenset(
    {"Ashford", "Bury", "Dover", "Hart", "Hastings", "Lewes", "Preston", "Reading", "Rother"}
    | {
        "Rugby",
        "Stroud",
        "Swale",
        "Warwick",
        "Boston",
        "Lincoln",
        "County Durham",
        "Arun",
        "Harrow",
    }
)
"""Places whose names are also words or other names: they need a capital or "council"."""

_ALIASES = {
    "Bath and North East Somerset": ("Bath and North East Somerset", "BANES", "B&NES"),
    "County Durham": ("County Durham", "Durham"),
    "East Riding of Yorkshire": ("East Riding of Yorkshire", "East Riding"),
    "Kingston upon Hull": ("Kingston upon Hull", "Hull"),
}
"""Places that are commonly called otherwise than by the first part of their name."""

_BEFORE = re.compile(
    r"^(?:(?:London|Royal) Borough of|(?:City|Borough|County|District) Council of|City of"
    r"|Council of the) "
)
_AFTER = re.compile(r"(?: (?:City|County|Metropolitan|Borough|District))* Council$")
_JOINED = re.compile(r"[- ](?:on|upon|under)[- ]|, | and | with ")
_COUNCIL = r"(?: (?:city|county|borough|district|metropolitan borough))? council"


@cache
def place_of(council: str) -> str:
    """The place in a council's name: "Sefton", "Southend-on-Sea", "Waltham Forest"."""
    return _AFTER.sub("", _BEFORE.sub("", council))


@cache
def naming(place: str) -> re.Pattern[str]:
    """How a question names a place: in full or by its first part, with "council" or "'s"."""
    short = _JOINED.split(place)[0]
    names = _ALIASES.get(place, (place, place.replace("-", " "), short))
    names = tuple(dict.fromkeys(n for n in names if len(n) > 3 or n == place))
    pattern = "|".join(map(_spelt, sorted(names, key=len, reverse=True)))
    ending = rf"(?:['’]s?|s)?(?:{_COUNCIL}(?:['’]s)?)?\b"
    if place in _ALSO_WORDS:
        council = rf"\b(?i:(?:{pattern}){_COUNCIL}(?:['’]s)?)\b"
        return re.compile(rf"{council}|(?<!^)\b(?:{pattern}){ending}")
    prefix = r"\b(?:london borough of |city of )?"
    return re.compile(rf"{prefix}(?:{pattern}){ending}", re.IGNORECASE)


def _spelt(name: str) -> str:
    return re.escape(name).replace(r"\ and\ ", r"\ (?:and|&)\ ").replace("'", "['’]?")


def places_named(text: str, places: Sequence[str] = PLACES) -> list[str]:
    """The places that a text names, in order; of overlapping names only the longest."""
    spans = [
        (match.start(), match.end(), place)
        for place in places
        for match in naming(place).finditer(text)
    ]
    spans.sort(key=lambda span: (span[0] - span[1], span[2]))
    kept: list[tuple[int, int, str]] = []
    for start, end, place in spans:
        if all(end <= s or start >= e for s, e, _ in kept):
            kept.append((start, end, place))
    return list(dict.fromkeys(place for _, _, place in sorted(kept)))


_SHORT_COUNTIES = {
    "bucks": "buckinghamshire",
    "cambs": "cambridgeshire",
    "derbys": "derbyshire",
    "glos": "gloucestershire",
    "hants": "hampshire",
    "herts": "hertfordshire",
    "lancs": "lancashire",
    "leics": "leicestershire",
    "lincs": "lincolnshire",
    "northants": "northamptonshire",
    "notts": "nottinghamshire",
    "oxon": "oxfordshire",
    "warks": "warwickshire",
    "wilts": "wiltshire",
    "worcs": "worcestershire",
    "central beds": "central bedfordshire",
    "ne lincolnshire": "north east lincolnshire",
    "ne lincs": "north east lincolnshire",
    "n lincs": "north lincolnshire",
    "n lincolnshire": "north lincolnshire",
    "n yorks": "north yorkshire",
    "n yorkshire": "north yorkshire",
}
"""Counties and councils as they are shortened in writing; "beds" alone is left to hospitals."""
_SHORTENED = re.compile(
    rf"\b(?:{'|'.join(sorted(_SHORT_COUNTIES, key=len, reverse=True))})\b", re.IGNORECASE
)


def shortened_places(text: str) -> list[tuple[str, str]]:
    """Places of ``text`` that are shortened, as typed and in full."""
    found = dict.fromkeys(_SHORTENED.findall(text))
    return [(typed, _SHORT_COUNTIES[typed.lower()]) for typed in found]
