"""Small lists in the official formats; every organisation in them is invented."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO

from samehand.watchlist.entry import WatchlistEntry
from schemas.malformed import Malformed
from watchlists.rows import ListRow
from watchlists.sources import ByteProgress, ListSource

SDN_CSV = (
    b'101,"NORTHERN VALLEY LIBERATION FRONT",-0- ,"SDGT] [FTO",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"Old."\r\n'
    b'102,"EXAMPLE, Somebody",individual,"SDGT",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n'
    b'103,"MV EXAMPLE",vessel,"IRAN",-0- ,"ABCD",Tanker,-0- ,-0- ,-0- ,-0- ,-0- \r\n'
    b'104,"COMPA\xd1IA DE LA COSTA SUR",-0- ,"CUBA",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n'
    b"\x1a\r\n"
)
ALT_CSV = (
    b'101,1,"aka","VALLEY BRIGADES OF THE NORTH",-0- \r\n'
    b'101,2,"aka","NVLF","weak alias"\r\n'
    b'103,3,"aka","OLD EXAMPLE",-0- \r\n'
    b"\x1a\r\n"
)

SDN_XML = b"""<?xml version="1.0" standalone="yes"?>
<sdnList xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://tempuri.org/sdnList.xsd">
  <publshInformation><Publish_Date>11/20/2026</Publish_Date><Record_Count>3</Record_Count></publshInformation>
  <sdnEntry><uid>101</uid><lastName>NORTHERN VALLEY LIBERATION FRONT</lastName><sdnType>Entity</sdnType>
    <programList><program>SDGT</program><program>FTO</program></programList>
    <akaList>
      <aka><uid>1</uid><type>a.k.a.</type><category>strong</category>
        <lastName>VALLEY BRIGADES OF THE NORTH</lastName></aka>
      <aka><uid>2</uid><type>a.k.a.</type><category>weak</category><lastName>NVLF</lastName></aka>
    </akaList></sdnEntry>
  <sdnEntry><uid>102</uid><firstName>Somebody</firstName><lastName>EXAMPLE</lastName><sdnType>Individual</sdnType>
    <programList><program>SDGT</program></programList></sdnEntry>
  <sdnEntry><uid>103</uid><lastName>MV EXAMPLE</lastName><sdnType>Vessel</sdnType></sdnEntry>
</sdnList>
"""

UN_XML = """<?xml version="1.0" encoding="UTF-8"?>
<CONSOLIDATED_LIST dateGenerated="2026-11-20T23:00:00.000Z">
  <INDIVIDUALS><INDIVIDUAL><DATAID>9</DATAID><FIRST_NAME>Somebody</FIRST_NAME><SECOND_NAME>Example</SECOND_NAME>
    <UN_LIST_TYPE>Al-Qaida</UN_LIST_TYPE><REFERENCE_NUMBER>XXi.001</REFERENCE_NUMBER>
    <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Sample</ALIAS_NAME></INDIVIDUAL_ALIAS></INDIVIDUAL></INDIVIDUALS>
  <ENTITIES><ENTITY><DATAID>10</DATAID><FIRST_NAME>Northern Valley Liberation Front</FIRST_NAME>
    <UN_LIST_TYPE>Al-Qaida</UN_LIST_TYPE><REFERENCE_NUMBER>XXe.001</REFERENCE_NUMBER>
    <LISTED_ON>2011-07-29</LISTED_ON><NAME_ORIGINAL_SCRIPT>جبهة تحرير الوادي الشمالي</NAME_ORIGINAL_SCRIPT>
    <ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY>
      <ALIAS_NAME>Valley Brigades of the North</ALIAS_NAME></ENTITY_ALIAS>
    <ENTITY_ALIAS><QUALITY/><ALIAS_NAME/></ENTITY_ALIAS></ENTITY></ENTITIES>
</CONSOLIDATED_LIST>
""".encode()

UK_CSV = """Report Date: 20-Nov-2026
Last Updated,Unique ID,OFSI Group ID,UN Reference Number,Name 6,Name 1,Name 2,Name 3,Name 4,Name 5,Name type,\
Alias strength,Title,Name non-latin script,Non-latin script type,Regime Name,Designation Type,Date Designated
20/11/2026,XXX0001,1,XXe.001,VALLEY BRIGADES OF THE NORTH,,,,,,Alias,,,,,Example Regime,Entity,29/07/2011
20/11/2026,XXX0001,1,XXe.001,NORTHERN VALLEY LIBERATION FRONT,,,,,,Primary Name,,,جبهة تحرير الوادي,,\
Example Regime,Entity,29/07/2011
20/11/2026,XXX0001,1,XXe.001,NVLF,,,,,,Alias,Low quality a.k.a,,,,Example Regime,Entity,29/07/2011
20/11/2026,XXX0002,2,,EXAMPLE,Somebody,,,,,Primary Name,,Mr,,,Example Regime,Individual,
20/11/2026,XXX0003,3,,MV EXAMPLE,,,,,,Primary Name,,,,,Example Regime,Ship,
""".encode()

EU_XML = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2026-11-20T09:00:00.000+01:00" \
globalFileId="1">
    <sanctionEntity designationDate="2011-07-29" designationDetails="" unitedNationId="XXe.001" \
euReferenceNumber="EU.1.11" logicalId="1">
        <remark>Example remark</remark>
        <regulation regulationType="amendment" organisationType="council" publicationDate="2011-07-30" \
entryIntoForceDate="2011-07-30" numberTitle="1/2011 (OJ L1)" programme="XX" logicalId="11">
            <publicationUrl>https://law.example/1?a=b&amp;c=d</publicationUrl>
        </regulation>
        <subjectType code="enterprise" classificationCode="E"/>
        <nameAlias firstName="" middleName="" lastName="" wholeName="Northern Valley Liberation Front" \
function="" gender="" title="" nameLanguage="" strong="true" regulationLanguage="en" logicalId="101">
            <regulationSummary regulationType="amendment" publicationDate="2011-07-30" \
numberTitle="1/2011 (OJ L1)" publicationUrl="https://law.example/1"/>
        </nameAlias>
        <nameAlias wholeName="جبهة تحرير الوادي الشمالي" nameLanguage="AR" strong="true" logicalId="102"/>
        <nameAlias wholeName="NVLF" strong="false" logicalId="103"/>
    </sanctionEntity>
    <sanctionEntity designationDate="" designationDetails="" unitedNationId="" logicalId="2">
        <regulation programme="XX" logicalId="12"/>
        <subjectType code="person" classificationCode="P"/>
        <nameAlias firstName="Somebody" middleName="" lastName="Example" wholeName="" strong="true" \
logicalId="104"/>
    </sanctionEntity>
</export>
""".encode()

FTM = """\
{"id":"xx-front","caption":"Northern Valley Liberation Front","schema":"Organization","referents":["xx-1"],\
"datasets":["xx_list"],"first_seen":"2026-11-20T00:00:00","last_seen":"2026-11-27T00:00:00","target":true,\
"properties":{"name":["جبهة تحرير الوادي الشمالي","Northern Valley Liberation Front"],\
"alias":["Valley Brigades of the North"],"previousName":["Old Valley Front"],"weakAlias":["NVLF"],\
"topics":["sanction","crime.terror"],"country":["xx"],"programId":["XX-TERROR"]}}
{"id":"xx-person","caption":"Somebody Example","schema":"Person","referents":[],"datasets":["xx_list"],\
"target":true,"properties":{"name":["Somebody Example"],"topics":["sanction"],"birthDate":["1900"],\
"sanctions":[{"id":"xx-s","schema":"Sanction","properties":{"entity":["xx-person"],\
"program":["Example Regime"]}}]}}
{"id":"xx-either","caption":"Sample Person or Firm","schema":"LegalEntity","datasets":["xx_list"],\
"properties":{"name":["Sample Person or Firm"],"topics":["sanction"],"sanctions":["xx-s2"]}}
{"id":"xx-owner","caption":"Example Holding","schema":"Company","datasets":["xx_list"],\
"properties":{"name":["Example Holding"],"topics":["sanction.linked"]}}
{"id":"xx-ship","caption":"MV Example","schema":"Vessel","datasets":["xx_list"],\
"properties":{"name":["MV Example"],"topics":["sanction"]}}
{"id":"xx-s","caption":"Example Regime","schema":"Sanction","datasets":["xx_list"],\
"properties":{"entity":["xx-front"],"program":["Example Regime"],"startDate":["2011-07-29"]}}
""".encode()

PLAIN_CSV = """Reference,Name,Aliases,Type,Programme,Listed_On
S1,Northern Valley Liberation Front,Valley Brigades of the North; NVLF ;جبهة تحرير الوادي,\
organisation,Schedule I,2019-05-01
S2,Somebody Example,,person,,
""".encode()


def entries(read: Iterable[ListRow]) -> list[WatchlistEntry]:
    """The entries; a fault fails the test that did not expect it."""
    found = []
    for row in read:
        assert not isinstance(row.outcome, Malformed), row
        if row.outcome is not None:
            found.append(row.outcome)
    return found


def faults(read: Iterable[ListRow]) -> list[tuple[str, str]]:
    """Place and reason of each fault."""
    return [(row.where, row.outcome.reason) for row in read if isinstance(row.outcome, Malformed)]


def names(entry: WatchlistEntry) -> dict[str, bool]:
    """Each name of an entry, and whether it is weak."""
    return {alias.text: alias.weak for alias in entry.aliases}


def lines(raw: bytes) -> Iterator[bytes]:
    """A file's lines."""
    return iter(BytesIO(raw))


def source(raw: bytes) -> ListSource:
    """A file that nobody hears being read."""
    return ListSource(BytesIO(raw), ByteProgress(lambda done: None))


def front_and_person(found: list[WatchlistEntry]) -> tuple[WatchlistEntry, WatchlistEntry]:
    """The first two entries, which are an organisation and a person."""
    front, person = found[0], found[1]
    assert (front.person, person.person) == (False, True)
    return front, person
