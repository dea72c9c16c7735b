"""Refusals of ingestion.

AppError
├── Conflict 409
│   ├── BatchNotReady        state_conflict, with current_status and allowed
│   ├── RowsNotReady         invalid_rows: rows that need attention, and the way on
│   ├── ListBeingCommitted   mill_busy
│   ├── TooLateToUndo        too_late_to_undo
│   ├── NothingToUndo        nothing_to_undo
│   ├── ProfileExists        profile_exists
│   ├── DatasheetNotReady    state_conflict, with current_status and allowed
│   ├── MessageNotAgain      state_conflict, with current_status and allowed
│   └── NoCredentialsKey     no_credentials_key
├── Gone 410                 MessageNotKept
├── NotFound 404             BatchNotFound, MailboxNotFound, MessageNotFound, DatasheetNotFound, ProfileNotFound
├── UnsupportedMedia 415     NotAList, NotADatasheet, UnknownWayToSend
├── Invalid 422              EmptyFile, UnknownMill, UnknownColumns, UnknownMeaning, UnknownProfile, NothingToCommit,
│                            ColumnNotReplaceable, NothingFound, TooManyColumns, UnsafeMailbox, UnknownLot, WrongValue
├── NotAllowed 403           MillNotApproved (organization_suspended)
└── Unavailable 503          MillNotKnownYet
"""

from collections.abc import Iterable
from uuid import UUID

from shared.problems import Conflict, Gone, Invalid, NotAllowed, NotFound, Unavailable, UnsupportedMedia


class BatchNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such batch, or you may not see it; GET /batches lists those you may.")


class BatchNotReady(Conflict):
    def __init__(self, *, status: str, allowed: Iterable[str], verb: str) -> None:
        words = " or ".join(allowed)
        super().__init__(
            f"The batch is {status}; it can be {verb} while it is {words}.",
            current_status=status,
            allowed=list(allowed),
        )


class RowsNotReady(Conflict):
    slug = "invalid_rows"

    def __init__(self, *, count: int) -> None:
        super().__init__(
            f"{count} rows cannot be listed. Fix or exclude them, or leave them out with invalid_rows=reject.",
            invalid_rows=count,
        )


class ListBeingCommitted(Conflict):
    slug = "mill_busy"

    def __init__(self) -> None:
        super().__init__(
            "Another list of this mill is being committed; try again in a moment.", headers={"Retry-After": "2"}
        )


class TooLateToUndo(Conflict):
    slug = "too_late_to_undo"

    def __init__(self, *, hours: int) -> None:
        super().__init__(
            f"A commit can be undone for {hours} hours. Send a list with the right values, or change single lots."
        )


class NothingToUndo(Conflict):
    slug = "nothing_to_undo"

    def __init__(self) -> None:
        super().__init__("No row of this list is on the market, so there is nothing to undo; see its rows.")


class NotAList(UnsupportedMedia):
    def __init__(self, what: str) -> None:
        super().__init__(f"The file is {what}. Send the list as xlsx, xls, ods or csv.")


class UnknownWayToSend(UnsupportedMedia):
    def __init__(self) -> None:
        super().__init__("Send a list as multipart/form-data with a file, or as application/json with rows.")


class TooManyColumns(Invalid):
    slug = "too_many_columns"

    def __init__(self, count: int) -> None:
        super().__init__(f"The rows may have at most {count} different columns; send only those of the list.")


class EmptyFile(Invalid):
    slug = "empty_file"

    def __init__(self) -> None:
        super().__init__("The file is empty. Send the list as xlsx, xls, ods or csv.")


class UnknownMill(Invalid):
    slug = "unknown_mill"

    def __init__(self) -> None:
        super().__init__("mill_id must name an approved mill; as an operator you say whose list it is.")


class MillNotApproved(NotAllowed):
    slug = "organization_suspended"

    def __init__(self) -> None:
        super().__init__("The mill is not approved for trading; its lists are not taken. Ask the marketplace operator.")


class MillNotKnownYet(Unavailable):
    def __init__(self) -> None:
        super().__init__("Your organisation is being set up; try again in a few seconds.")


class UnknownColumns(Invalid):
    slug = "unknown_columns"

    def __init__(self, unknown: Iterable[str]) -> None:
        super().__init__(f"The list has no column named {', '.join(sorted(unknown)[:5])}; see its columns.")


class UnknownMeaning(Invalid):
    slug = "unknown_meaning"

    def __init__(self, said: str, of: str, *, kind: str, allowed: Iterable[str]) -> None:
        super().__init__(
            f'"{said}", said of "{of}", is none of the {kind} there are; see allowed.', allowed=list(allowed)
        )


class UnknownProfile(Invalid):
    slug = "unknown_profile"

    def __init__(self) -> None:
        super().__init__("mapping_profile_id must name an active mapping of this mill; see GET /mapping-profiles.")


class ColumnNotReplaceable(Invalid):
    slug = "column_not_replaceable"

    def __init__(self, column: str) -> None:
        super().__init__(f'The column "{column}" is not one field of a lot. Map it first, or name a field instead.')


class NothingFound(Invalid):
    slug = "nothing_found"

    def __init__(self, text: str) -> None:
        super().__init__(f'No row that can be changed has "{text}" there; see the rows and what they say.')


class NothingToCommit(Invalid):
    slug = "nothing_to_commit"

    def __init__(self) -> None:
        super().__init__("No row of this list can be listed; fix at least one or cancel the batch.")


class ProfileNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such mapping, or you may not see it; GET /mapping-profiles lists those you may.")


class ProfileExists(Conflict):
    slug = "profile_exists"

    def __init__(self, profile_id: UUID) -> None:
        super().__init__(
            "There is an active mapping for lists with this header already; replace that one or archive it.",
            profile_id=str(profile_id),
        )


class MailboxNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such mailbox; GET /mailboxes lists them.")


class MessageNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such mail, or you may not see it; GET /inbound-messages lists those you may.")


class MessageNotAgain(Conflict):
    def __init__(self, *, status: str) -> None:
        super().__init__(
            f"The mail is {status}; only one that became no batch can be judged again. To read a list once more,"
            " send its file with force=true.",
            current_status=status,
            allowed=["quarantined", "ignored", "duplicate"],
        )


class MessageNotKept(Gone):
    def __init__(self) -> None:
        super().__init__("The mail was never fetched, so it cannot be read; ask its sender to send it again.")


class NoCredentialsKey(Conflict):
    slug = "no_credentials_key"

    def __init__(self) -> None:
        super().__init__(
            "Passwords of mailboxes cannot be kept yet: set OFFCUT_INGESTION_CREDENTIALS_KEY and start ingestion again."
        )


class UnsafeMailbox(Invalid):
    slug = "unsafe_mailbox"

    def __init__(self) -> None:
        super().__init__("Without TLS only a mail server on this machine can be used; set tls to true.")


class DatasheetNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such data sheet, or you may not see it; GET /datasheets lists those you may.")


class DatasheetNotReady(Conflict):
    def __init__(self, *, status: str, allowed: Iterable[str], verb: str) -> None:
        words = " or ".join(allowed)
        super().__init__(
            f"The data sheet is {status}; it can be {verb} while it is {words}.",
            current_status=status,
            allowed=list(allowed),
        )


class NotADatasheet(UnsupportedMedia):
    def __init__(self, what: str) -> None:
        super().__init__(f"The file is {what}. Send the data sheet as PDF.")


class UnknownLot(Invalid):
    slug = "unknown_lot"

    def __init__(self) -> None:
        super().__init__("The mill has no such lot; name items or lot numbers that GET /items shows of it.")


class WrongValue(Invalid):
    slug = "wrong_value"

    def __init__(self, problem: str) -> None:
        super().__init__(f"A value cannot be kept: {problem}")
