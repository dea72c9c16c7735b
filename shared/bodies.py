"""Bodies of requests."""

from pydantic import BaseModel, ConfigDict


class RequestBody(BaseModel):
    """A member that nobody knows is an error: a misspelt wish must not be dropped in silence."""

    model_config = ConfigDict(extra="forbid")
