"""The date formats that are in use between agencies, all local time in Vietnam without an offset.

A format is named as the contracts' own documents write it; moments come as ISO text or plain dates.
"""

from datetime import date, datetime

from engine.clock import VIETNAM

FORMATS = {
    "yyyyMMddHHmmss": "%Y%m%d%H%M%S",  # portal, payment
    "dd/MM/yyyy HH:mm:ss": "%d/%m/%Y %H:%M:%S",  # civil status
    "dd.MM.yyyy": "%d.%m.%Y",  # civil-status forms
    "yyyy/MM/dd": "%Y/%m/%d",  # edXML, the dossier axis
    "yyyy-MM-dd": "%Y-%m-%d",  # driving licences
    "dd-MM-yyyy": "%d-%m-%Y",  # tax notices
    "yyyyMMdd": "%Y%m%d",  # population, single sign-on
    "M-yyyy": "",  # monthly ratings; strftime has no portable month without a leading zero
    "dd/MM/yyyy": "%d/%m/%Y",  # civil-status results
}


def write(text: str, form: str) -> str:
    """The moment or date *text* (ISO 8601) in *form*. Raises: ValueError: no such moment, or a moment without zone."""
    moment = _moment(text)
    if form == "M-yyyy":
        return f"{moment.month}-{moment.year}"
    return moment.strftime(FORMATS[form]) if moment.year >= 1000 else _early(moment, form)


def read(text: str, form: str) -> str:
    """What a partner wrote in *form* as ISO text: a date, or a moment with Vietnam's offset.

    Raises:
        ValueError: it is not written in that form.
    """
    if form == "M-yyyy":
        month, _, year = text.partition("-")
        return date(int(year), int(month), 1).isoformat()
    moment = datetime.strptime(text, FORMATS[form]).replace(tzinfo=VIETNAM)
    return moment.isoformat() if "HH" in form else moment.date().isoformat()


def _moment(text: str) -> datetime:
    if len(text) == 10:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=VIETNAM)
    moment = datetime.fromisoformat(text.partition("@")[0])
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    return moment.astimezone(VIETNAM)


def _early(moment: datetime, form: str) -> str:
    """strftime does not pad years before 1000."""
    return (
        moment.replace(year=moment.year + 4000)
        .strftime(FORMATS[form])
        .replace(str(moment.year + 4000), f"{moment.year:04}")
    )
