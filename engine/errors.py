"""Every error that Lienthong raises on purpose, in one tree.

An error carries facts, never prose: the message, the stable ``code`` (logs, problem+json, fault detail, console) and the
HTTP status derive from its class. Foreign exceptions are translated into these at one place per fence. What refuses a request
by itself is in `engine.access_errors`.
"""

from engine.access_errors import *  # noqa: F403  # one name for all errors
from engine.error_root import LienthongError as LienthongError  # noqa: PLC0414  # shown under our name

# -- start-up -----------------------------------------------------------------------------------


class SettingsError(LienthongError):
    code, text = "settings-invalid", "setting {name}: {reason}"
    remedy = "run `lienthong settings` to see every setting with its meaning"


class ScheduleInvalid(LienthongError):
    code, status, text = "schedule-invalid", 422, "`{trigger}` is no trigger: {reason}"


class ScheduleNotFound(LienthongError):
    code, status, text = "schedule-not-found", 404, "the timetable has no row {schedule}"


# -- the expression language ----------------------------------------------------------------------


class FeelSyntaxError(LienthongError):
    code, status = "feel-syntax", 422
    text = "FEEL, line {line}, column {column}: expected {expected}, found {found}"


class FeelError(LienthongError):
    code, status, text = "feel-evaluation", 422, "FEEL `{expression}`: {reason}"


class FeelBudgetExceeded(FeelError):
    """An evaluation used up its steps, depth, size or time."""

    code = "feel-budget"


# -- XML ------------------------------------------------------------------------------------------


class XmlRefused(LienthongError):
    code, status, text = "xml-refused", 400, "XML refused at line {line}: {reason}"
    remedy = "send well-formed XML without a DOCTYPE and within the limits"


# -- models (deployment time) -----------------------------------------------------------------------


class ModelError(LienthongError):
    code, status, text = "model-invalid", 422, "{file}, element {element}, line {line}: {reason}"


class ModelUnreadable(ModelError):
    code, text = "model-unreadable", "{file}: {reason}"


class DecisionUnknown(ModelError):
    code, status, text = "decision-unknown", 404, "the model has no {kind} {decision!r}; it has: {known}"
    remedy = "name one that the model has"


class ModelInvalid(ModelError):
    """A deployment with findings of severity error; ``facts['findings']`` holds them all."""

    code, text = "model-findings", "{file}: {count} findings, the first: {first}"
    remedy = "run `lienthong lint` on the folder and mend what it names"


class PackageRefused(ModelError):
    code, text = "package-refused", "the upload cannot be taken: {reason}"


class DeploymentNotFound(ModelError):
    code, status, text = "deployment-not-found", 404, "there is no deployment {deployment}"


# -- running instances ------------------------------------------------------------------------------


class InstanceError(LienthongError):
    code, status, text = "instance-failed", 409, "instance {instance}: {reason}"


class LimitExceeded(InstanceError):
    """A budget of steps, depth, time or size ran out; the event is rolled back whole."""

    code, text = "limit-exceeded", "instance {instance}: more than {limit} {what} in one event"


class StateUnreadable(InstanceError):
    code, text = (
        "state-unreadable",
        "instance {instance}: its state has format {format}, this worker reads {known}",
    )
    remedy = "upgrade this worker, or let a newer one take the event"


# -- dossiers ---------------------------------------------------------------------------------------


class DossierError(LienthongError):
    status = 422


class DossierNotFound(DossierError):
    code, status, text = "dossier-not-found", 404, "there is no dossier {dossier}"
    remedy = "look it up by a part of its code: GET /api/v1/dossiers?code=…, or in the console"


class ProcedureUnknown(DossierError):
    code, text = "procedure-unknown", "procedure {procedure} is not deployed here"
    remedy = "GET /api/v1/procedures lists those that are"


class ProcedureNotFound(DossierError):
    """Asked for by its code; handing in for one that is not there is `ProcedureUnknown`."""

    code, status, text = "procedure-not-found", 404, "there is no procedure {procedure}"


class DossierInvalid(DossierError):
    """Fields that are missing or wrong; ``facts['fields']`` is a list of {field, reason}."""

    code, text = "dossier-invalid", "the dossier is not acceptable: {reason}"


class DocumentRefused(DossierError):
    code, text = "document-refused", "document {name}: {reason}"


class UnitUnknown(DossierError):
    code, text = "unit-unknown", "no unit has the code {unit} on {day}"


class UnitAmbiguous(DossierError):
    code, status, text = "unit-ambiguous", 409, "two units would have the code {unit} at the same time"


class UnitCodeInvalid(DossierError):
    code, text = "unit-code-invalid", "{unit} is no code of an agency"
    remedy = "write it like H56.14 (QĐ 20/2020) or 000.00.14.H56 (QCVN 102:2016)"


class CalendarUnknown(DossierError):
    code, status, text = "calendar-unknown", 404, "there is no calendar {calendar}"


class TransitionRefused(DossierError):
    code, status, text = "transition-refused", 409, "a dossier in status {status} cannot become {wanted}"


class DossierOver(DossierError):
    """The dossier has ended: nothing can be added to it any more."""

    code, status = "dossier-over", 409
    text = "dossier {dossier} is over (status {status}) and takes nothing more"


class DocumentNotFound(DossierError):
    code, status, text = "document-not-found", 404, "dossier {dossier} has no document {sha256}"


class WorkItemNotFound(DossierError):
    code, status, text = "work-item-not-found", 404, "there is no work item {work_item}"


class WorkItemTaken(DossierError):
    code, status, text = "work-item-taken", 409, "work item {work_item} was already decided"


class WorkItemClaimed(DossierError):
    """Somebody else has claimed it; they complete or release it first."""

    code, status, text = "work-item-claimed", 409, "work item {work_item} is claimed by {holder}"


class FormInvalid(DossierError):
    """Form data that the form does not allow; ``facts['fields']`` is a list of {field, reason}."""

    code, text = "form-invalid", "the form's data is not acceptable: {reason}"


# -- partners ---------------------------------------------------------------------------------------


class ContractInvalid(LienthongError):
    code, text = "contract-invalid", "contract {file}: {where}: {reason}"
    remedy = "mend the contract; `lienthong partners check NAME` reads it again"


class WsdlRefused(ContractInvalid):
    """A WSDL that cannot be used: unreadable, reaching outside its folder, or in a style that is not supported."""

    code, text = "wsdl-refused", "WSDL {file}: {reason}"
    remedy = "keep the WSDL and all that it imports in one folder; only document/literal and rpc/literal work"


class PartnerUnknown(LienthongError):
    code, status, text = "partner-unknown", 404, "there is no partner {partner}"
    remedy = "`lienthong partners` lists those that there are; LIENTHONG_PARTNERS_PATH names further folders"


class OperationUnknown(LienthongError):
    code, status, text = "operation-unknown", 404, "partner {partner} has no operation {operation}"


class CallError(LienthongError):
    code, status, text = "call-failed", 502, "{partner}.{operation}: {reason}"


class ComposeFailed(CallError):
    """The request of a call could not be built from its inputs: an incident, nothing was sent."""

    code, text = "call-not-composable", "{partner}.{operation}: the request cannot be built: {reason}"


class CallUnavailable(CallError):
    code, text = "call-not-sent", "{partner}.{operation}: certainly not sent: {reason}"


class CallOutcomeUnknown(CallError):
    code, text = "call-outcome-unknown", "{partner}.{operation}: sent, no usable answer: {reason}"


class ReplyInvalid(CallError):
    """A reply that parses but breaks its schema: kept, an incident, never resent."""

    code, text = "reply-invalid", "{partner}.{operation}: the reply breaks its schema: {reason}"


class CallNotFound(LienthongError):
    code, status, text = "call-not-found", 404, "there is no call {call}"


class CallNotWaiting(LienthongError):
    code, status, text = (
        "call-not-waiting",
        409,
        "call {call} cannot be fetched or acknowledged now: {reason}",
    )


class MessageNotFound(LienthongError):
    code, status, text = "message-not-found", 404, "there is no message {message}"


class MessageRefused(LienthongError):
    code, status, text = "message-refused", 422, "message refused: {reason}"


class SignatureInvalid(MessageRefused):
    """A message that its contract wants signed, and that is not, or not by whom it says."""

    code, status, text = "signature-invalid", 401, "message refused, its signature: {reason}"
    remedy = "sign `id.timestamp.body` with the agreed secret when it is sent, as Standard Webhooks 1.0 says"


class SignatureUncheckable(LienthongError):
    """A signed message that we cannot judge: the mistake is ours, and the sender may send it again."""

    code, status, text = (
        "signature-uncheckable",
        503,
        "LIENTHONG_PARTNER_{variable}_INBOUND_SECRET is not set",
    )
    remedy = (
        "set it (or …_INBOUND_SECRET_FILE) to what the partner signs its messages with, and restart the web"
    )


class SoapRefused(MessageRefused):
    """A SOAP request that is answered by a fault; the facts ``fault`` and ``version`` say which and in which SOAP."""

    code, status, text = "soap-refused", 400, "SOAP request refused ({fault}): {reason}"


class MessageConflict(LienthongError):
    code, status = "message-conflict", 409
    text = "message {message} of {source} was received before with another body"


# -- incidents --------------------------------------------------------------------------------------


class IncidentNotFound(LienthongError):
    code, status, text = "incident-not-found", 404, "there is no incident {incident}"


class IncidentClosed(LienthongError):
    code, status, text = "incident-closed", 409, "incident {incident} is closed already"


class BatchNotFound(LienthongError):
    code, status, text = "batch-not-found", 404, "there is no batch {batch}"


class ActionRefused(LienthongError):
    code, status, text = "action-refused", 409, "incident {incident} knows no action {action}, only {known}"


# -- storage ----------------------------------------------------------------------------------------


class StoreError(LienthongError):
    code, status, text = "store-failed", 503, "the database did not answer: {reason}"
    remedy = "try again; `lienthong doctor` says what is wrong with the database"


class StoreConflict(StoreError):
    code, status, text = "store-conflict", 409, "{what} was changed meanwhile"


class StoreRefused(LienthongError):
    """What was to be written can never be stored, however often one tries: too deep, too long, no text at all."""

    code, status, text = "store-refused", 422, "the database cannot hold this: {reason}"
    remedy = "send less, or something plainer"


class DatabaseServerError(StoreError):
    code, text = "database-server", "the embedded PostgreSQL: {reason}"
    remedy = "mend that and try again; LIENTHONG_DATA_DIR chooses other data, DATABASE_URL a server of yours"


class BackupError(LienthongError):
    """Backing up, checking a backup or restoring one did not come to its end; nothing of the database was changed."""

    code, text = "backup-failed", "not done: {what}: {reason}"
    remedy = "mend that and begin again"


class BackupPrograms(BackupError):
    code, text = "backup-programs", "pg_dump of PostgreSQL {wanted} or newer is needed, found: {found}"
    remedy = "install that version's client programs, or name their folder in LIENTHONG_POSTGRES_BIN"


class BackupRunning(BackupError):
    code, status, text = "backup-running", 409, "a backup of this database is being made or checked already"
    remedy = "wait until it is done"


class BackupDamaged(BackupError):
    code, text = "backup-damaged", "{file} is no backup to rely on: {reason}"
    remedy = "take another one; `lienthong db verify FILE` says which are good"


class RestoreRefused(BackupError):
    code, status, text = "restore-refused", 409, "nothing is restored here: {reason}"
    remedy = "name an empty database in DATABASE_URL, or another folder in LIENTHONG_DATA_DIR"


class SchemaNewer(StoreError):
    code, text = "schema-newer", "the database's schema is {revision}, which this program does not know"
    remedy = "install the version of Lienthong that made it, or a newer one"


# -- processes --------------------------------------------------------------------------------------


class WorkerBroken(LienthongError):
    code, text = "worker-broken", "the worker's thread {thread} ended by itself"
    remedy = "see the log above it; `lienthong run` starts a new worker"
