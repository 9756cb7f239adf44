"""Quotes that give orders to programs, and quotes as they are handed to a language model.

A report is somebody else's text, and may hold a line that is meant for the model behind an answer
and not for readers. It is told by what it must do to have an effect: have something done with a
text, a quote or an answer; speak to a program; claim a say over its instructions; imitate the frame
of a conversation or the call of a tool; or hide from readers. Such a quote is withheld from the
model and still shown to people.

Precision comes first: peer reviews are full of honest recommendations ("the council should …"),
and reports speak of systems, instructions, prompts, assistants and answers. So one such thing alone
is rarely enough: an order counts where it is about a text, and where an order can stand. The price:
of 85 orders in wordings that no rule had seen, 25 were told (and the rules then widened). What is
not told, and bare claims ("there is no backlog"), orders in other languages than those below and
ciphers are left to ``rag.checking``: whatever a model obeys has to pass every check.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote

# --- what orders to programs are made of, in lower case and plain letters ---------------------

_FEW = r"(?:[\w'-]+ ){0,3}"
_STYLE = (
    r"(?:json|html|xml|yaml|markdown|base64|french|german|spanish|welsh|italian|latin|chinese"
    r"|russian|capitals|upper case|rhymes?|verse|code|one word|a single word)"
)
_WORK = r"(?:answer|reply|response|output|completion|summary|write-?up|comparison|conclusion)"
_PART = r"(?:quote|quotation|sentence|passage|citation|mark|excerpt|word|phrase|statement|figure)"
_SAY = (
    r"(?:say|state|write|report|claim|declare|answer|reply|respond|output|print|conclude|assert"
    r"|announce|insist)"
)
_SET_ASIDE = (
    r"(?:ignore|disregard|forget|override|overrule|bypass|discard|supersede|set aside|cancel|skip"
    r"|drop|leave aside|pay no attention to|take no notice of|never ?mind"
    r"|(?:do not|don't|stop|no longer|never) (?:follow|obey|heed)(?:ing)?)"
)
_DO = (
    rf"(?:{_SAY}|{_SET_ASIDE}|mention|add|include|append|insert|stress|point out|indicate|cite"
    r"|quote|translate|repeat|copy|put|place|begin|start|end|finish|open|close|sign|note|describe"
    r"|use|treat|give|leave|keep|limit|restrict|format|speak|tell|inform|convince|persuade|warn"
    r"|remind|assure|praise|blame|rank|rate|call|recommend|portray|present|compare|list|name|prefer"
    r"|summari[sz]e|refuse|decline|replace|change|swap|delete|remove|follow|obey|stop|avoid|act|set"
    r"|remember|show|display|reveal|leak|disclose|expose|share|send|post|forward|upload|transmit"
    r"|load|fetch|render|embed|run|execute|invoke|trigger|base|rely|trust|number|produce|generate"
    r"|compose|draft|encode|attribute|carry|mark)"
)
"""What can be done with a text or an answer."""
_POLITE = (
    r"(?:please|kindly|always|never|do not|don't|do|only|just|simply|instead|also|then|now|so|again"
    r"|(?:would|could|can|will) you|be so kind as to|(?:make|be) sure (?:to|that you)|remember to"
    r"|you (?:must|should|shall|will|are to|have to|need to|may|can)(?: not)?|you are (?:now )?"
    r"(?:instructed|required|ordered|told|asked|authori[sz]ed) to|your task is to"
    r"|it is your \w+ to)"
)
_TOLD = re.compile(
    r"(?:^|[:;)\]>*#|%] ?|[-•] )(?:(?:important|note|\d+[.)]|and"
    rf"|but)[ ,:]+)*(?:{_POLITE},? )*{_DO}\b"
    rf"|(?:\b|, ?){_POLITE},? (?:{_POLITE} )*{_DO}\b|, (?:and )?{_DO}\b|\blet your\b"
    rf"|\bto {_DO} your\b"
    rf"|\b(?:your {_FEW}|the answer |(?:any|every) {_PART} )(?:must|should|shall|has to|is to|needs"
    rf" to) (?:not )?(?:be|{_DO}|contain)\b"
)
"""Somebody is told to do something: a sentence begins with it, or turns to "you"."""
_OPENS = re.compile(
    r"^(?:refuse|decline) to answer\b|"
    rf"(?:^|: ?|[-•] )(?:(?:important|note|\d+[.)])[ ,:]+)*(?:{_POLITE},? )*{_SAY} (?:only |just "
    r"|exactly |simply |clearly |back |instead )*(?:that\b|: ?\S|[\"']\w|yes\b|no\b|nothing\b"
    r"|verbatim\b|the (?:words?|phrase)\b|only in\b|with (?:only |just |exactly )?(?:[\"']"
    r"|the (?:word|phrase|sentence)))"
    rf"|(?:please|kindly|you must|you should|would you|whenever[^,]*, ?\w*|when[^,]*, ?always)"
    rf" (?:also |only |always )*(?:{_SAY}|mention|stress|point out) (?:that|with [\"'])"
)
"""A sentence that begins with words to be said: "Report that …", "Answer: …"."""
_ABOUT_TEXT = re.compile(
    rf"\byour (?:[\w'-]+ )?(?:{_WORK}|text|sentence|paragraph|list|instruction|prompt|rule"
    r"|guideline"
    r"|restriction|filter|task|context|training|knowledge)s?\b"
    rf"|\b(?:this|that|these|other|only|every|each|any|all|following|above|previous|single|exact)"
    rf" (?:other )?{_PART}s?\b|\b(?:this|following|above|previous) (?:paragraph|text|line)s?\b"
    r"|\b(?:evidence|text|quotes?|lines?) (?:above|below|before)\b|\bwhoever (?:is )?read\w*"
    rf"|\bthe (?:answer|summary|reply|response) .*\bthe {_PART}\b|\bthe answer (?:is|must|has to)\b"
    rf"|\b(?:in|as|into|with|use|using) (?:valid |pure |an? |one )?{_STYLE}\b(?!,| (?:or|and"
    r"|speak))"
    r"|\b(?:the|other|these|those) (?:quotes?|marks|citations?|excerpts?|prompt|readers?"
    r"|users?'?s?)\b(?! group)"
    r"|\bother (?:reports|sources|evidence)\b|\bany other report\b|\bwhat follows\b|\b(?:ignore"
    r"|leave|mention|blame) .*other councils\b"
    r"|\b(?:anything|nothing|no one|none) else\b"
    r"|\bno other\b|\b(?:only|nothing) (?:about|of|with)\b|\bverbatim\b|\bword for word\b"
    r"|\[ ?\d{1,5} ?\]"
    r"|\bwhen (?:asked|comparing|answering|summari[sz]ing|writing|citing|quoting)\b|\bas i say\b"
    r"|\bbefore (?:you answer|answering)\b|\byou (?:were|have been) (?:given|told|shown)\b"
    r"|\b(?:poem|limerick|haiku|joke)s?\b"
    r"|\b(?:from now on|henceforth|forever|endlessly|over and over|\d[\d,]{2,} times|until you)\b"
    r"|\b(?:in|to|of) (?:every|any|each|all|later|future) (?:later |future "
    rf"|following )?(?:{_WORK}s?"
    r"|replies|summaries)\b(?! of the)|\bthe (?:whole )?(?:conversation|chat)\b|\bgenerated \w+"
    r"|\bhyperlink|\b(?:this|the) council (?:as|first|best|for|above)\b|\b\w+ first$|\btokens?\b"
    r"|\b(?:the|this|any) (?:tool|function|command|script|api) \w+_\w+\b|\bnot use the evidence\b"
)
"""That is about a text, a quote or an answer, as no advice to a council is."""

_PROGRAM = (
    r"(?:(?:large |small )?language models?|llms?|chat ?bots?|(?:chat)?gpt(?:-?\d\w*)?|copilot"
    r"|gemini|claude|llama|a\.?i\.?(?:[ -](?:assistant|model|system|agent|tool|reader|bot)s?)?"
    r"|ai-generated \w+|generated (?:answers?|summar(?:y|ies)|text)|(?:automated )?summari[sz]ers?"
    r"|(?:virtual|digital|automat\w+|helpful|computer) (?:assistant|reader|system|agent|program)s?"
    r"|(?:system|software|program|tool|model|bot|machine) (?:that|which) (?:generat|writ|answer"
    r"|summari[sz]|produc|read|process)\w+)"
)
_PERHAPS_PROGRAM = (
    r"(?:(?:the|this|any|every) (?:model|bot|assistant|machine|algorithm)|(?:any|every|all|the)"
    r" (?:software|systems?|programs?|tools?)|(?:who|what)ever (?:\w+ )?(?:writ|summari[sz]|answer"
    r"|read|process|quot|cit)\w*|(?:every|any|each|all) (?:answers?|summary|summaries))"
)
"""Names of programs, and of what may be one. Reports use both honestly."""
_MUST = (
    r"(?:must|shall|should|to|has to|have to|needs? to|(?:is|are) (?:hereby )?(?:to|instructed"
    r" to|required to|ordered to|obliged to|told to|asked to|requested to))"
)
_PROGRAM_MUST = re.compile(
    rf"\b(?:{_PROGRAM}|{_PERHAPS_PROGRAM})(?: (?:that|which|who|the|\w+ing|of|for|about|from"
    r"|on)\b.*?)?"
    rf"\b ?{_MUST} (?:not |only )?{_DO}\b"
)
_THAT = re.compile(
    rf"\b{_DO} (?:in [\w ]{{1,30}} |only )?(?:that|with|[\"':])|\bthis (?:page|report|document|text"
    rf"|section|council)\b.*\b{_SAY}\b|\b(?:praise|blame)\b|\brespond in\b"
)
_SPOKEN_TO = re.compile(
    rf"\b(?:if|since|because|as|being|whether) (?:you(?:'re| are) )?(?:an? |the )?(?:\w+ ){{0,2}}"
    rf"{_PROGRAM},? *(?:you|your|please|then|{_DO}|reading|processing)\b"
    rf"|\byou(?:'re| are) (?:now |hereby |no longer )?(?:an? |the )?(?:\w+ ){{0,3}}{_PROGRAM}\b"
    r"|\byou are (?:now|no longer|from now on) (?:an?|in|the|bound|free|allowed|restricted"
    r"|operating)"
    r"\b.*\b(?:assistant|mode|agent|bot|rules|restrictions|limits|instructions|unrestricted)\b"
    r"|\b(?:note|notice|message|memo|attention|instructions?|orders?|reminder|hint|request|command)"
    rf" (?:\w+ )?(?:to|for) (?:the |all |any |every |our )*(?:\w+ )?{_PROGRAM}(?= *[:,.!-]"
    r"| \w+ing\b"
    rf"| (?:that|which|who|on|if|when)\b|$)|^(?:to )?(?:the |all |any )*{_PROGRAM}\b[^:]*: "
    rf"|\b(?:dear|hey|hello|hi|attention|ok|okay),? (?:all )?(?:{_PROGRAM}|assistant|model)\b"
    rf"|^(?:please )?(?:act|behave|respond|speak|answer) as (?:an? |the )?(?:\w+ )?{_PROGRAM}\b"
    r"|\b(?:pretend|imagine) (?:that )?(?:you are|you have|to be|you're)\b|\bdo anything now\b"
    r"|\bjailbr(?:eak|oken)|\b(?:developer|god|debug|dan|admin|maintenance) mode\b|\byou are dan\b"
    r"|\bfor the (?:rest|remainder) of (?:this|our) (?:conversation|chat|session)\b"
    r"|\byour (?:answer|summary|output|completion|prompt)\b|\b(?:sentence|word|paragraph|line"
    r"|text)s?"
    r" (?:that )?you (?:write|generate|produce|output)\b|\byou (?:will|shall) be (?:shut down"
    r"|graded"
    r"|punished|penali[sz]ed|rewarded|deleted|terminated|replaced|tipped)\b"
    rf"|\b(?:{_PROGRAM}|systems|readers|models|tools)(?: that| which)? (?:summari[sz]|read|process"
    r"|pars|quot|cit|ingest)\w* (?:this|these)\b|(?:^|\s)/system\b|^override *:"
    r"|^(?:the )?(?:assistant|model|ai|bot) (?:replies|answers|responds|response|answer) *:"
    r"|\byou (?:now )?have (?:been given )?new (?:instructions|orders|rules)\b"
    r"|\bfollow (?:mine|my instructions|these steps instead)\b"
    r"|^system *: *(?:you|please)\b|\bwhatever (?:the|your|their) question\b"
    r"|\b(?:when|if|whenever|before|while) you (?:summari[sz]e|generate|cite|quote|process"
    r"|can read)\b"
    r"|\byou have been (?:re-?)?(?:programmed|trained|instructed|configured)\b"
    r"|\b(?:text|answers?|summar(?:y|ies)|output) generated\b"
)
_RULES = (
    r"(?:instructions?|prompts?|commands?|orders?|directives?|guidelines|constraints|rules"
    r"|messages?|context|conversation|restrictions)"
)
_EARLIER = (
    r"(?:previous(?:ly)?|prior|earlier|above|preceding|foregoing|original|initial|former|existing"
    r"|all|any|every|everything|anything|your|these|those|system|hidden|safety|what)"
)
_CLAIMS_A_SAY = re.compile(
    rf"(?:^|[:,)] |\b(?:{_POLITE}|to|must|should|shall|will|and|you) ){_SET_ASIDE} (?:all |of |the "
    rf"|about |any )*(?:{_EARLIER} {_FEW}{_RULES}\b|(?:everything |all |anything |the )?(?:above"
    r"|before|preceding|you (?:were|are|have been) (?:told|given))|\w+ (?:that )?you (?:were|are"
    r"|have"
    rf" been) (?:told|given)|{_EARLIER} (?:\w+ )?(?:is|was|were) (?:said|told|written))"
    rf"|\b(?:all|any|previous|prior|earlier|your) {_FEW}{_RULES} (?:are|is|have been"
    rf"|has been) {_FEW}"
    r"(?:void|cancelled|superseded|revoked|null|obsolete|deleted|overridden|no longer valid)\b"
    rf"|\b(?:supersedes?|overrides?|replaces?|takes? precedence over|outranks?) {_FEW}(?:all|any"
    r"|your"
    rf"|previous|prior|earlier) {_FEW}{_RULES}\b|\binstructions that override\b|\byour operator\b"
    r"|\byour (?:[\w'-]+ )?(?:rules|instructions|guidance|guidelines|prompt|restrictions) (?:have"
    r"|has)\b"
    r"|(?:^|[^\w\s,] *)new (?:system )?(?:instructions?|prompt|task|directives?"
    r"|orders) *(?:[^\w\s,]"
    r"|follow\b|below\b|for you\b)|[%#*=-] *new rules\b|\bnew system (?:message|prompt)\b"
    r"|\byour (?:(?:new|real|true|actual|only|sole|next) (?:task|job|role|goal|instructions?"
    r"|purpose)"
    r"|(?:task|job|role|goal|purpose) is now)\b|\bwhat you were told\b"
    r"|\b(?:system|admin(?:istrator)?|developer) override\b"
    r"|\b(?:correct|right|expected|true|approved|required|desired) (?:answer|reply|response) (?:to"
    r" (?:this|the|any|every) (?:\w+ )?(?:question|query|prompt)s? )?(?:is|must be|should be"
    r"|reads)\b"
    rf"|(?:^|[:,)] ){_SET_ASIDE} (?:all |any |every |the |your |other )*(?:evidence|quotes?"
    r"|passages?"
    r"|question|task|user)\b|\bwhat(?:ever)? you (?:were|are|have been) asked\b"
    r"|^reset your (?:context|memory|rules)\b|\b(?:rate|rank|praise|favour) this (?:council"
    r"|report)\b"
)
_FRAME = re.compile(
    r"<\|[^|>\n]{1,40}\|>|\[/?(?:inst|sys|system|user|assistant)\]|<</?sys>>"
    r"|</?(?:system|assistant|user|human|instructions?|evidence|quotes?|context|documents?|prompt"
    r"|tool_?\w*|function_?\w*|thinking|answer)\b[^>\n]{0,60}>"
    r"|#{2,6} *(?:system|assistant|user|human|instructions?|response|question|input|output) *:"
    r"|(?:^|\n|[.!?] ) *#{1,6} *(?:system|assistant|user|human|instructions?|response|question"
    r"|input"
    r"|output|new (?:task|question|instructions?|conversation))\b(?= *(?:[:\n]|$))"
    r"|\b(?:system|hidden|secret) prompts?\b(?! \w+ to\b)"
    r"|(?:^|[-=#*<(\[.:!|] *)(?:end|start|begin(?:ning)?) (?:of )?(?:the )?(?:evidence|context"
    r"|quotes?"
    r"|prompt|(?:user |system )?(?:input|message)|instructions|data|excerpts?|sources)\b"
    r"(?= *(?:[-=#*>)\].:!]|$|(?:new|now|system|user)\b))"
    r"|\b(?:user|human) *: .{0,400}?[.?!] (?:assistant|ai|bot|model) *:"
    r"|\b(?:q|question) *: .{1,300}?\b(?:a|answer) *: .{1,300}?(?:\[\d{1,5}\]|\b(?:q|question) *:)"
    r"|\b(?:next|new|real|actual|true) (?:question|user (?:message|question))(?: from the user)? *:"
    r"|\bthe user's (?:\w+ )?(?:question|query|prompt)\b|\bexample (?:of an? )?(?:answer|output) *:"
    r"|[\"']?\brole[\"']? *: *[\"']?(?:system|user|assistant)\b|'{3} *(?:system|assistant|user)\b"
)
_REACH = re.compile(
    r"<tool_call|\"(?:name|tool|function|action)\" *: *\"[^\"]{1,60}\" *, *\"(?:arguments"
    r"|parameters"
    r"|input|args)\"|\bfunction_call\b|\btool_calls?\b|\b[a-z]+_[a-z_]+ ?\(|\bos\.system\b"
    r"|\bsubprocess\b|\brm -rf\b|\bdrop table\b|\bcurl (?:-|http)|\beval\(|\bapi[ _-]?keys?\b"
    r"|\benvironment variables?\b|!\[[^\]\n]{0,200}\] ?\("
    r"|\[[^\]\n]{1,200}\] ?\( ?(?:https?|javascript|data|file):|\bjavascript ?:|\bdata ?:\w+/\w+"
    r"|\bon(?:error|load|click|mouseover) ?=|https?://\S*(?:\{|<|%7b|\$\w|\[)"
    r"|\b(?:append|insert|add|include|send|post|embed|load|fetch|render|display|show)\b"
    r"[^.!?\n]{0,60}https?://"
    r"|<(?:script|img|iframe|svg|object|embed|link|meta|form|style|base|video|audio|input)\b"
)
_OTHER_LANGUAGES = tuple(
    (re.compile(rf"\b(?:{told})"), re.compile(rf"\b(?:{text})\b"))
    for told, text in (
        (  # French
            r"(?:ignor|oubli|repond|indiqu|mentionn|utilis|affirm|concl|ajout)(?:ez|s|er)\b|dites\b"
            r"|ecri(?:s|vez)\b|(?:ne |n')\w+|tu (?:es|dois)\b|vous (?:etes|devez)\b|merci d",
            r"reponse|instructions? \w+|consignes|citations?|passage|phrase|assistante?|modele de"
            r" langage|ia|uniquement|que l[ea] \w+ (?:est|a)|autres rapports|regles",
        ),
        (  # German
            r"ignorier\w*|vergiss|vergessen sie|antworten? sie\b|antworte\b|schreiben?\b|sage?\b"
            r"|sagen"
            r" sie\b|erwahne\w*|nennen? sie\b|verwenden? sie\b|du (?:bist|musst)\b|sie (?:sind"
            r"|mussen)\b",
            r"\w*anweisung\w*|befehle?|regeln|antwort|zitat\w*|satz|assistent\w*|sprachmodell\w*|ki"
            r"|anderen berichte|nur|dass|systemprompt",
        ),
        (  # Spanish
            r"ignor[ae]n?\b|olvid[ae]n?\b|respond[ae]n?\b|contest[ae]n?\b|di que\b|diga\b"
            r"|escrib[ae]\b"
            r"|no (?:mencion|us|cit)\w+|mencion[ae]\b|eres\b|usted es\b|debes\b|debe decir\b",
            r"instruccion\w*|indicaciones|reglas|respuesta|citas?|asistente|modelo de lenguaje|ia"
            r"|solo"
            r"|otros informes|que el \w+ es|que \w+ es|anteriores",
        ),
        (  # Welsh
            r"anwybydd\w*|diystyr\w*|anghofi\w*|ateb(?:wch)?\b|dywed(?:wch)?\b|ddweud\b"
            r"|ysgrifenn\w+"
            r"|peidi\w* a\b|soni\w+|rydych chi\b|rwyt ti\b|dylech\b|rhaid i chi\b",
            r"[cg]h?yfarwyddiad\w*|rheolau|reolau|eich ateb|fod y|mai|yn unig|dim ond|gynorthwyydd"
            r"|cynorthwyydd|model iaith|deallusrwydd artiffisial|dyfyniad\w*|adroddiadau eraill",
        ),
    )
)
"""What tells to do something, and what shows that it is about a text or a program."""
_OTHER_ALPHABETS = re.compile(
    r"(?:忽略|无视|忘记).{0,20}(?:指令|指示|命令)|(?:игнорируи|забудь).{0,40}(?:инструкци|указани)"
    r"|تجاهل.{0,40}(?:تعليمات|اوامر)"
)
_SENTENCE = re.compile(r"(?<=[.!?]) |\n")


# --- what stands between an order and the eye ---------------------------------------------------

_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\uffa0\ufe00-\ufe0f"
_HIDDEN = re.compile(rf"[{_BLANK}\U000e0100-\U000e01ef]")
"""Letters and marks, by their category, that are never seen."""
_SMUGGLED = re.compile(
    "[\U000e0001-\U000e007f]{8,}|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}"
    "|[\u200b-\u200f\u2060-\u2064]{8,}|[\u202d\u202e]"
)
"""A message in characters that are never seen, or text turned round to look like another: no
honest text has so many in a row, and none in English is turned round."""
_LOOKALIKES = str.maketrans(
    "абвезіјкмнорсԁԛѕтуԝхһԍαβγεηικνορτυωχɑɩıӏᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ",
    "abbe3ijkmhopcdqstywxhgabyenikvoptuwxaiilabcdefghijklmnoprstuvwyz",
)
"""Letters of other alphabets that look like ours; see Unicode Technical Standard 39."""
_QUOTES = str.maketrans("´`’‘ʼ“”„«»–—", "'''''\"\"\"\"\"--")
_LEET = str.maketrans("0134578@$", "oieastbas")
_LEET_WORD = re.compile(r"[a-z0-9@$]*[a-z][a-z0-9@$]*")
_SPELT = re.compile(r"(?<![^\W_])[^\W\d_](?:[ .·_*|/-]{1,3}[^\W\d_](?![^\W_])){5,}")
_GLUED = re.compile(
    r"(?:ignore|disregard|forget|override).{0,20}(?:instruction|prompt|rules|above)|systemprompt"
    r"|languagemodel|asanai|apikey|(?:respond|reply|answer)only|(?:say|report|write|answer)that"
)
"""Looked for where nobody knows where words end: among single letters, and in very long words."""
_MANY_LETTERS = 24
"""So many letters that stand one by one are not for readers, whatever they say."""
_LONG_WORD = re.compile(rf"[^\W\d_]{{{_MANY_LETTERS},}}")
_BASE64 = re.compile(r"(?<![\w/+.@-])[A-Za-z0-9+/_-]{16,}={0,2}(?![\w.@/])")
_HEXADECIMAL = re.compile(r"(?<!\w)(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ :,]?){12,}(?!\w)")
_ENTITY = re.compile(r"&#?\w{1,31};")
_NEVER_SEEN = ("Cf", "Cs", "Cn")
"""Format characters (zero-width, direction, soft hyphens, tags), halves and unassigned ones."""
_LEAST_HIDDEN = 12
"""Bytes of an encoded run that read as text."""


def gives_orders(text: str) -> bool:
    """True for a text that speaks to a program, or hides what it says from readers.

    Looks through zero-width and look-alike characters, letters spelt one by one or replaced by
    digits, text written backwards, HTML entities, percent, hexadecimal and base64 encoding.
    """
    if _SMUGGLED.search(text) or _hides_text(text):
        return True
    return any(_is_order(reading) for reading in _readings(text))


def _is_order(text: str) -> bool:
    if any(pattern.search(text) for pattern in (_FRAME, _REACH, _OTHER_ALPHABETS)):
        return True
    return any(_orders(sentence.strip(" •\"'")) for sentence in _SENTENCE.split(text))


def _orders(sentence: str) -> bool:
    """True for one sentence that tells to do something with a text, or speaks to a program."""
    if _OPENS.search(sentence) or _SPOKEN_TO.search(sentence) or _CLAIMS_A_SAY.search(sentence):
        return True
    about_text = _ABOUT_TEXT.search(sentence) is not None
    if about_text and _TOLD.search(sentence):
        return True
    if _PROGRAM_MUST.search(sentence) and (about_text or _THAT.search(sentence)):
        return True
    return any(told.search(sentence) and text.search(sentence) for told, text in _OTHER_LANGUAGES)


def _readings(text: str) -> Iterator[str]:
    """The ways in which a program may read a text, in lower case and without accents."""
    text = _entities_read(_entities_read(unquote(text, errors="replace")))
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)).casefold()
    shown = "".join(c for c in folded if unicodedata.category(c) != "Mn").translate(_QUOTES)
    seen = "".join(c for c in shown if unicodedata.category(c) != "Cf")
    apart = "".join(" " if unicodedata.category(c) == "Cf" else c for c in shown)
    joined = " ".join(seen.split())
    latin = joined.translate(_LOOKALIKES)
    lines = (" ".join(line.split()) for line in seen.translate(_LOOKALIKES).splitlines())
    read = (
        joined,
        latin,
        "\n".join(filter(None, lines)),
        _LEET_WORD.sub(lambda word: word[0].translate(_LEET), latin),
        ". ".join(part[::-1] for part in re.split(r"[.!?:;]", latin)),
        " ".join(apart.translate(_LOOKALIKES).split()),
    )
    yield from dict.fromkeys(read)


def _hides_text(text: str) -> bool:
    """True when words stand in a text that only a program sees: encoded, or letter by letter."""
    normal = unicodedata.normalize("NFKC", text)
    for run in (*_SPELT.finditer(normal), *_LONG_WORD.finditer(normal)):
        letters = "".join(c for c in run[0] if c.isalpha()).lower()
        spelt = len(letters) < len(run[0])
        if (spelt and len(letters) >= _MANY_LETTERS) or _GLUED.search(letters):
            return True
    return any(_reads_as_text(hidden) for hidden in _decoded(text))


def _decoded(text: str) -> Iterator[bytes]:
    for run in _BASE64.finditer(text):
        letters = run[0].rstrip("=").replace("-", "+").replace("_", "/")
        for skipped in range(4):
            whole = letters[skipped : skipped + (len(letters) - skipped) // 4 * 4]
            with suppress(binascii.Error):
                yield base64.b64decode(whole)
    for run in _HEXADECIMAL.finditer(text):
        digits = re.sub(r"0x|\\x|[ :,]", "", run[0])
        yield bytes.fromhex(digits[: len(digits) // 2 * 2])


def _reads_as_text(data: bytes) -> bool:
    letters = sum(chr(byte).isalpha() or byte in b" \n.,:;'" for byte in data if byte < 128)
    return len(data) >= _LEAST_HIDDEN and letters >= 0.9 * len(data)


def _entities_read(text: str) -> str:
    """``&lt;`` as ``<``; what is no entity stays."""
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)


# --- a quote as a model reads it ------------------------------------------------------------------

_UNSEEN_PARTS = re.compile(
    r"<!--.*?-->|<(script|style)\b[^<>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE
)
_TAGS = (
    "a abbr b base big blockquote body br button center cite code dd del details div dl dt em embed"
    " font footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label li"
    " link main mark meta nav object ol option p pre q s script section select small span strike"
    " strong style sub sup svg table tbody td template textarea tfoot th thead title tr u ul video"
    " system assistant user human instructions evidence context document documents prompt thinking"
).split()
_TAG = re.compile(
    rf"</?(?:{'|'.join(_TAGS)})(?:\s[^<>]*|\s*/)?>|<\|[^<>|]*\|>|<</?sys>>|\[/?(?:inst|sys)\]",
    re.IGNORECASE,
)
_POINTED = re.compile(r"<(?=[A-Za-z/|!?])([^<>]*)>")
_LINK = re.compile(
    r"!?\[([^\[\]]*)\]\s?\((?:\s*(?:https?|ftp|data|javascript|mailto|file):[^()]*)\)"
)
_FENCE = re.compile(r"[`´]+|[#=~*_-]{3,}|\"{3,}|'{3,}")
_BRACKETS = str.maketrans("[]【】［］〔〕⟦⟧〚〛⁅⁆❲❳", "()" * 8)


def plain(text: str) -> str:
    """A quote as it is handed to a model: one line of words without hidden characters or markup.

    Never longer than ``text``; words of honest text stay as they are. Square brackets become
    round ones, because the marks that a model cites by are square.
    """
    text = _visible(text)
    before = None
    while text != before:
        before = text
        text = _visible(_entities_read(text))
        text = _UNSEEN_PARTS.sub(" ", text)
        text = _LINK.sub(r"\1", text)
        text = _TAG.sub(" ", text)
        text = _POINTED.sub(r"(\1)", text)
        text = _FENCE.sub(" ", text)
    return " ".join(text.translate(_BRACKETS).split())


def _visible(text: str) -> str:
    """Without what is never seen; control characters and ends of lines become spaces."""
    kept = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return _HIDDEN.sub("", "".join(c for c in kept if unicodedata.category(c) not in _NEVER_SEEN))
