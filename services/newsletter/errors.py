"""What newsletter refuses, and why.

AppError
├── NotFound
│   ├── RecipientUnknown 404   not_found
│   ├── IssueUnknown 404       not_found
│   └── SuppressionUnknown 404 not_found
├── NotAllowed
│   └── OnlyOwnPreview 403     not_allowed
├── Conflict
│   └── LiftedByRecipientOnly 409  suppression_by_recipient
└── Invalid
    └── RecipientMissing 422   validation_failed
"""

from shared.problems import Conflict, Invalid, NotAllowed, NotFound


class RecipientUnknown(NotFound):
    """No such person, or not one the asker may know of."""

    def __init__(self) -> None:
        super().__init__("There is no such recipient; check user_id. A new account is known after a few seconds.")


class IssueUnknown(NotFound):
    """No such issue, or somebody else's."""

    def __init__(self) -> None:
        super().__init__("There is no such newsletter issue; GET /newsletter/issues lists those you may see.")


class SuppressionUnknown(NotFound):
    """No such suppression, or lifted already."""

    def __init__(self) -> None:
        super().__init__("There is no such suppression in force; GET /newsletter/suppressions lists them.")


class OnlyOwnPreview(NotAllowed):
    """A buyer may look at what he would get; sending is the operator's."""

    def __init__(self) -> None:
        super().__init__("You can preview your own newsletter only: send dry_run=true without user_id and buyer_id.")


class LiftedByRecipientOnly(Conflict):
    """Who complained or unsubscribed is written to again only when he asks for it himself."""

    slug = "suppression_by_recipient"

    def __init__(self) -> None:
        super().__init__("The recipient asked for this; only the recipient can lift it, in the preferences.")


class RecipientMissing(Invalid):
    """The operator has to say for whom."""

    def __init__(self) -> None:
        super().__init__("Say for whom: give user_id or buyer_id, exactly one of them.")
