"""The sector's words: short forms that officers type without defining them, and ways to say one
thing.

Facts of usage, written for any English public-sector report. A report's own definition of a short
form always wins (see ``acronyms.py``), and a meaning is only used where all of its words occur on
the shelf, so that a false friend ("MPS" as a police force) finds nothing to attach to.
"""

from __future__ import annotations

from functools import cache

from rag.terms import STOP_WORDS, telling_stems, words

ACRONYMS = """
    ABCD asset based community development
    ACEs adverse childhood experiences
    ADASS Association of Directors of Adult Social Services
    AfC Agenda for Change
    AIS accessible information standard
    AMHP approved mental health professional
    ASB anti-social behaviour
    ASC adult social care
    ASCOF adult social care outcomes framework
    ASD autism spectrum disorder
    ASYE assessed and supported year in employment
    BAME black, Asian and minority ethnic
    BCF better care fund
    BIA best interests assessor
    BNG biodiversity net gain
    CAMHS child and adolescent mental health services
    CCG clinical commissioning group
    CEO chief executive
    CHC continuing healthcare
    CHC continuing health care
    CIL community infrastructure levy
    CiN child in need
    CiN children in need
    CLA children looked after
    CMT corporate management team
    CPD continuing professional development
    CQC Care Quality Commission
    CSC children's social care
    CSE child sexual exploitation
    CSP community safety partnership
    CTO community treatment order
    CVS council for voluntary service
    DASS director of adult social services
    DASS director of adult social care
    DBS disclosure and barring service
    DCS director of children's services
    DFG disabled facilities grant
    DHSC Department of Health and Social Care
    DoL deprivation of liberty
    DoLS deprivation of liberty safeguards
    DP direct payment
    DPIA data protection impact assessment
    DPO data protection officer
    DSG dedicated schools grant
    DST decision support tool
    DToC delayed transfers of care
    DTOC delayed transfer of care
    DV domestic violence
    DA domestic abuse
    DWP Department for Work and Pensions
    EDI equality, diversity and inclusion
    EDT emergency duty team
    EH early help
    EHCP education, health and care plan
    EIA equality impact assessment
    EMI elderly mentally infirm
    EoL end of life
    EqIA equality impact assessment
    FGC family group conference
    FOI freedom of information
    FTE full-time equivalent
    GP general practitioner
    HMO house in multiple occupation
    HR human resources
    HRA housing revenue account
    HWB health and wellbeing board
    IAG information, advice and guidance
    ICB integrated care board
    ICP integrated care partnership
    ICS integrated care system
    IMCA independent mental capacity advocate
    IRO independent reviewing officer
    JSNA joint strategic needs assessment
    KPI key performance indicator
    LA local authority
    LAC looked after children
    LADO local authority designated officer
    LD learning disability
    LD learning disabilities
    LGA Local Government Association
    LGBT lesbian, gay, bisexual and transgender
    LGR local government reorganisation
    LGSCO Local Government and Social Care Ombudsman
    LPA local planning authority
    LPS liberty protection safeguards
    LSCB local safeguarding children board
    MASH multi-agency safeguarding hub
    MARAC multi-agency risk assessment conference
    MCA mental capacity act
    MDT multi-disciplinary team
    MH mental health
    MHA mental health act
    MPS market position statement
    MSP making safeguarding personal
    MTFP medium term financial plan
    MTFS medium term financial strategy
    NEET not in education, employment or training
    NHS National Health Service
    NQSW newly qualified social worker
    NRPF no recourse to public funds
    OD organisational development
    ONS Office for National Statistics
    OPFCC police, fire and crime commissioner
    OT occupational therapist
    OT occupational therapy
    PA personal assistant
    PCN primary care network
    PFA preparing for adulthood
    PfA preparation for adulthood
    PI performance indicator
    PMO programme management office
    PSED public sector equality duty
    PSW principal social worker
    QA quality assurance
    RAS resource allocation system
    RSL registered social landlord
    SAB safeguarding adults board
    SAR safeguarding adults review
    SCIE Social Care Institute for Excellence
    SEN special educational needs
    SENCO special educational needs coordinator
    SEND special educational needs and disabilities
    SGO special guardianship order
    SLA service level agreement
    SLT senior leadership team
    SMT senior management team
    SMI severe mental illness
    SRO senior responsible officer
    SW social worker
    TEC technology enabled care
    UASC unaccompanied asylum-seeking children
    VCFSE voluntary, community, faith and social enterprise
    VCS voluntary and community sector
    VCSE voluntary, community and social enterprise
    VFM value for money
    WFD workforce development
    WSOA written statement of action
    YJS youth justice service
    YOT youth offending team
"""
"""Short form, then long form; a short form may stand on several lines."""

ENGLISH_TOO = frozenset({"ace", "cil", "ras", "send"})
"""Short forms that are everyday words or slips in small letters: meant only when typed as here."""

SHORTENED = """
    agy agency
    appt appointment
    apprs appraisals
    asst assistant
    auth authority
    cllr councillor
    comms communications
    conf conference
    cttee committee
    dept department
    devt development
    dom domiciliary
    exec executive
    gov government
    govt government
    hosp hospital
    mgmt management
    mgr manager
    mtg meeting
    org organisation
    orgs organisations
    perf performance
    prac practice
    prev prevention
    reqs requirements
    resi residential
    sfgd safeguarding
    soc social
    temp temporary
    vols volunteers
    yp young people
"""
"""Words as officers shorten them when they type."""

WAYS_TO_SAY = """
    jab, vaccination, vaccine, immunisation
    flu, influenza
    covid, coronavirus, pandemic
    respite, short break, break from caring, carers break
    newly qualified, assessed and supported year in employment, ASYE, NQSW
    backlog, waiting list, outstanding, overdue, awaiting
    waiting list, waiting time, awaiting, wait
    telecare, assistive technology, technology enabled care, care technology
    home care, domiciliary care, homecare, home carers
    care home, residential care, nursing home, residential home
    sheltered housing, extra care, supported housing
    supported living, supported accommodation
    hospital discharge, discharge from hospital, discharged from hospital, delayed transfer
    get home from hospital, hospital discharge
    avoid going into hospital, admission avoidance, avoid admission, prevent admission
    reablement, re-ablement, rehabilitation, intermediate care
    front door, contact centre, first contact, single point of access, initial contact
    website, online, web page
    computer system, case management system, recording system, ICT system, IT system
    software, IT system
    voluntary sector, third sector, charity, charity sector, VCSE, community sector
    councillor, elected member, cabinet member, portfolio holder, politician
    politician, member, councillor, political
    opposition, cross-party, political groups
    chief executive, head of paid service
    director, executive director
    staff, workforce, employee, practitioner
    staff turnover, retention, leavers
    recruitment, recruit, recruiting, hiring, vacancies
    vacancy, unfilled post, vacant post
    agency staff, temporary staff, interim, locum
    pay, salary, wages, remuneration
    training, learning and development, workforce development, CPD
    appraisal, performance review, personal development review
    caseload, workload
    sickness, absence
    wellbeing, well-being, morale, stress, burnout
    bullying, harassment, blame culture
    whistleblowing, speaking up
    equality, diversity, inclusion, EDI
    race, ethnicity, ethnic minority, BAME
    disabled people, disability, disabilities
    learning disability, learning difficulties
    autism, autistic, neurodiversity, neurodivergent
    sensory impairment, deaf, blind, sight loss, hearing loss
    mental illness, mental health
    dementia, Alzheimer's
    drugs, substance misuse, alcohol, addiction
    homelessness, rough sleeper, homeless
    poverty, deprivation, low income, cost of living
    asylum seekers, refugees, migrants
    veterans, armed forces
    prison, prisoners, custody
    gypsy, Roma
    older people, elderly, ageing, pensioner
    young carers, young adult carers
    unpaid carers, family carers, informal carers
    parents, mothers, fathers
    care leavers, leaving care
    looked after children, children in care
    fostering, foster carers
    transition, transition to adulthood, preparing for adulthood, moving into adult services
    special needs, SEND, special educational needs
    advocacy, advocate
    complaint, ombudsman, dissatisfaction
    compliments, praise
    co-production, coproduced, user involvement, lived experience
    involve people, co-production, lived experience
    service users, people who use services, people with lived experience, customers
    consultation, engagement, survey
    direct payment, personal budget, individual budget
    charging, financial assessment, contributions, client contribution
    debt, arrears
    fee rate, price paid, tender rate, fees
    budget, finance, financial, spending
    overspend, budget pressure, deficit
    savings, cuts, efficiencies, reductions
    cut, reduction, reduced, loss of posts, saving
    council tax, precept
    reserves, balances
    fraud, counter-fraud
    audit, auditing, case file audit
    inspection, assurance, CQC assessment, Ofsted
    risk register, risk management
    key performance indicators, KPI, metrics
    dashboard, performance reports, Power BI
    data analysis, business intelligence, analytics
    artificial intelligence, predictive analytics, machine learning
    procurement, tender, tendering, contract
    in-house, council-run, internally provided
    outsourced, externally provided, contracted out
    provider failure, closure, business failure, handed back contracts
    market shaping, market position statement, market sustainability
    quality assurance, quality monitoring, contract monitoring
    adult protection, safeguarding
    safeguarding concern, safeguarding referral, safeguarding alert, section 42
    domestic abuse, domestic violence
    modern slavery, trafficking, exploitation
    mental capacity, capacity assessment, best interests
    deprivation of liberty, DoLS, liberty protection safeguards
    panel, sign-off, authorisation
    sign-off, approval, authorisation, delegation
    paperwork, bureaucracy, form filling
    case recording, case notes
    strengths-based, asset-based, three conversations
    trauma-informed, trauma
    early intervention, prevention, early help
    social prescribing, link worker, community connector, local area coordinator
    community hub, neighbourhood hub, locality hub
    integration, joint working, integrated working, partnership working
    pooled budget, section 75, better care fund
    NHS, health partners, ICB, CCG, clinical commissioning group
    GP, primary care, surgery
    police, policing
    university, higher education, college
    apprentice, apprenticeship
    student, placement
    school, pupils
    employment, jobs, paid work
    bus, public transport
    adaptation, disabled facilities grant, aids, equipment
    equipment, aids and adaptations, community equipment
    occupational therapy, OT
    climate change, carbon, net zero
    recycling, waste
    planning permission, planning application
    potholes, highway maintenance, road maintenance
    library, libraries
    leisure, physical activity, sport
    loneliness, isolation, isolated
    obesity, weight
    suicide, self-harm
    hoarding, self-neglect
    end of life, palliative
    out of hours, emergency duty team, weekend
    translation, interpreter, language
    easy read, accessible information
    restructure, reorganisation, new structure
    unitary, reorganisation, local government reorganisation
    transformation, change programme, improvement programme
    scrutiny, overview and scrutiny, scrutiny panel
    governance, accountability arrangements
    newsletter, bulletin
    hybrid working, working from home, remote working, agile working
    office, building, estate
    PPE, personal protective equipment
    testing, swab
    day centre, day service, day opportunities
    shared lives, adult placement
    meals on wheels, community meals
    money advice, benefits advice, welfare rights
    benchmarking, comparator, nearest neighbours, regional average
    apply learning, lessons learned, serious case review, safeguarding adults review
"""
"""One line a group: any of its phrases may stand for any other."""


LONGEST_PHRASE = 5
"""Words of the longest phrase with other ways to say it, function words left out."""


@cache
def sector_acronyms() -> tuple[tuple[str, str], ...]:
    """Pairs of short and long form, shortened words among them."""
    lines = [*ACRONYMS.strip().splitlines(), *SHORTENED.strip().splitlines()]
    pairs = (line.split(None, 1) for line in lines)
    return tuple((short, long.strip()) for short, long in pairs)


@cache
def shortened() -> frozenset[str]:
    """Words that stand for one longer word; the longer word does not ask for them."""
    return frozenset(line.split()[0] for line in SHORTENED.strip().splitlines())


@cache
def _ways_to_say() -> dict[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """For each phrase, as stems without function words, the others of its groups."""
    found: dict[tuple[str, ...], dict[tuple[str, ...], None]] = {}
    for line in WAYS_TO_SAY.strip().splitlines():
        group = [stems for phrase in line.split(",") if (stems := _stems(phrase))]
        for phrase in group:
            found.setdefault(phrase, {}).update(dict.fromkeys(o for o in group if o != phrase))
    return {phrase: tuple(others) for phrase, others in found.items()}


@cache
def sector_topics() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The first phrase of each group that has several words, with its stems."""
    first = (line.split(",")[0].strip() for line in WAYS_TO_SAY.strip().splitlines())
    found = {phrase: _stems(phrase) for phrase in first if " " in phrase}
    return tuple((phrase, stems) for phrase, stems in found.items() if len(stems) > 1)


def other_ways(phrase: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Other ways to say a phrase given as stems; empty when none is known."""
    return _ways_to_say().get(phrase, ())


def _stems(phrase: str) -> tuple[str, ...]:
    """The stems of a phrase; none when only one of its words is left without function words."""
    all_words = words(phrase)
    kept = [w for w in all_words if w.lower() not in STOP_WORDS]
    whole = len(kept) > 1 or len(all_words) == 1
    return tuple(s for w in kept for s in telling_stems(w)) if whole else ()
