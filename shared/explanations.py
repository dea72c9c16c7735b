"""Every code a refusal can carry: its status, what it means, and what to do. The pages behind ``type`` show this."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """``advice`` says what the one who got the refusal can change."""

    status: int
    title: str
    meaning: str
    advice: str


def _table(text: str) -> dict[str, Explanation]:
    """Blocks of four lines: code and status, title, meaning, advice."""
    found: dict[str, Explanation] = {}
    for block in text.strip().split("\n\n"):
        head, title, meaning, advice = block.splitlines()
        code, status = head.split()
        found[code] = Explanation(int(status), title, meaning, advice)
    return found


EXPLANATIONS = _table("""
malformed_request 400
Malformed request
The request could not be read: its JSON, a header or its path is not what HTTP or this interface allows.
Read detail, correct that part and send the request again. Sending the same bytes again gives the same answer.

invalid_cursor 400
The cursor is of another list
A cursor belongs to one list with one set of filters and one order; this one was made for another or was changed.
Start without a cursor, and take next_cursor or prev_cursor of an answer as it is, with the same other parameters.

invalid_filter 400
Invalid filter
A filter or sort key does not exist here, does not take this comparison or this value, or is not for you.
detail names what can be asked. Write field=value or field__op=value, and sort=-field,other.

idempotency_key_required 400
Idempotency-Key is missing
This call has an effect that must not happen twice, so it needs a key by which a repetition is known.
Send an Idempotency-Key of 16 to 128 visible ASCII characters, such as a UUID; keep it when you repeat the call.

not_authenticated 401
Not signed in
There is no access token, or it is not one of ours.
Sign in at POST /auth/login and send the token as Authorization: Bearer.

wrong_credentials 401
Wrong address or password
The e-mail address and the password do not fit together. Whether the address is known is not told.
Check both; ask for a new password at POST /auth/password-resets.

token_expired 401
The access token is too old
Access tokens live for minutes; this one has ended, or speaks of rights that have changed since.
Get a new one at POST /auth/refresh and repeat the request.

token_revoked 401
The token is not in force
The sign-in was ended, the user was shut out, or the API token was revoked.
Sign in again; if that fails, ask an owner of your organisation or the operator.

not_allowed 403
Not allowed
You may see this, and your role does not let you do it.
Ask somebody with the role that detail names.

scope_missing 403
The API token does not reach this far
API tokens are limited to what was chosen when they were made.
Make a token with the scope that detail names.

organization_suspended 403
The organisation is suspended
A suspended organisation reads its own records and changes nothing.
Ask the operator of the marketplace.

not_found 404
Not found
There is no such thing, or you may not see it; which of the two is never told.
Check the id; the list it comes from shows what you may see.

method_not_allowed 405
Method not allowed
The address exists and does not take this method.
The Allow header names the methods it takes.

request_timeout 408
The request took too long
Its headers or a part of its body did not arrive in time.
Send it again, over a better connection or in smaller parts.

state_conflict 409
Not possible in the present state
Things move from state to state, and this step does not lead away from the present one.
current_status and allowed say what is and what can follow; read the thing again before you decide.

request_in_progress 409
The same request is still running
Another request with this Idempotency-Key has not ended yet.
Wait as long as Retry-After says and send it again; you then get the answer of the first.

already_interested 409
Already interested
Your company has a live interest in this lot; one is enough.
See it at GET /interests with this item_id.

item_reserved 409
The lot is reserved
A buyer holds the lot for a time, and until then nothing material about it changes.
Wait for the end of his window, or withdraw the lot with force; he is then told.

mill_busy 409
Another list is being committed
Lists of one mill are applied one after the other.
Wait as long as Retry-After says and commit again.

nothing_to_commit 422
Nothing to commit
No row of the list can be listed.
Correct rows or the mapping of its columns, then commit again.

invalid_rows 409
Some rows are not valid
The commit was asked to stop when a row cannot be listed.
Correct or exclude these rows, or commit with invalid_rows=reject.

too_late_to_undo 409
Too late to undo
A commit can be undone for some hours only.
Send a list with the right values, or change single lots.

nothing_to_undo 409
Nothing to undo
No row of this list is on the market.
See its rows for what became of each.

profile_exists 409
There is such a mapping already
Lists with this header have an active mapping.
Replace that one, or archive it first; profile_id names it.

too_many_requirements 409
Too many active requirements
A company can have a limited number of active requirements.
Pause or archive one that you no longer need.

suppression_by_recipient 409
Only the recipient can lift this
He asked himself not to be written to.
He can turn his newsletters on again in his own preferences.

gone 410
Gone
The link was used already, or is too old.
Ask for a new one.

version_mismatch 412
Changed by somebody else
The thing was changed after you read it, and your change would overwrite that.
Read it again and repeat your change with its new ETag; current_version and ETag name the newest.

payload_too_large 413
Too large
The body is larger than what is taken here.
Send less, or in parts.

unsupported_media_type 415
Unsupported media type
The body is of a kind that is not taken here.
detail names the kinds that are.

validation_failed 422
Validation failed
Members are missing, of the wrong kind or out of range.
errors names each with a pointer and what it must be.

unknown_field 422
Unknown member
The body has a member that nobody knows; it is refused so that a misspelt wish is not dropped in silence.
errors names each; take it out or correct its name.

idempotency_key_reused 422
The Idempotency-Key was used for something else
A key stands for one request with one body.
Take a new key for a new request.

empty_file 422
The file is empty
There is nothing in the file that was sent.
Look whether it was saved, and send it again.

too_many_columns 422
Too many columns
The rows have more different members than a list has columns.
Send only the columns of the list.

unknown_columns 422
The list has no such column
The mapping names columns that are not in the file.
Use the column names of the batch, as they are written there.

unknown_meaning 422
Unknown meaning
A word was given a meaning that does not exist.
Choose one that allowed names.

unknown_mill 422
There is no such mill
The mill does not exist, or is not approved for trading.
Check mill_id; GET /organizations?kind=mill lists them for the operator.

unknown_profile 422
There is no such mapping
The mapping is not there, not active, or of another mill.
Choose one of GET /mapping-profiles.

column_not_replaceable 422
This column cannot be replaced in
The column does not stand for one field of a lot.
Map it first, or name a field instead.

nothing_found 422
Nothing was found to replace
No row that can be changed has this text there.
See the rows and what they say.

unknown_lot 422
There is no such lot
The data sheet was tied to a lot that is not there, or is of another mill.
Check the ids; GET /items lists the lots you may see.

wrong_value 422
A value of the data sheet is not possible
A value is out of the range that it can have, or of another kind.
Look at the sheet again and correct the value; detail names it.

unsafe_mailbox 422
The mailbox would be read without encryption
A password would travel readable through a network.
Turn tls on; without it only servers on the same machine are taken.

no_credentials_key 409
Passwords cannot be stored here
The key that encrypts mailbox passwords is not configured.
Tell the operator of the system to set it.

if_match_required 428
If-Match is missing
Whoever changes a thing says which version of it he has seen.
Send the ETag of your last read in If-Match.

rate_limited 429
Too many requests
Your token, your user or your address has asked more often than is allowed in its time.
Wait as long as Retry-After says. X-RateLimit-Remaining and X-RateLimit-Reset of every answer tell how much is left.

headers_too_large 431
Headers too large
The headers have more bytes, or are more, than is taken.
Send fewer or shorter ones; cookies are the usual cause.

internal_error 500
Internal error
Something went wrong on our side; nothing was changed.
Try again. If it stays so, tell the operator the trace_id.

upstream_error 502
The service broke off
The connection to the service behind the gateway ended in its answer.
Look whether your change was made before you repeat it; with the same Idempotency-Key you may repeat at once.

service_unavailable 503
Service unavailable
One part is down, restarting or too busy; the others go on.
Wait as long as Retry-After says and send the same request again.

no_room 503
No room
A disk is full, ours or that of the database. Nothing of what was sent is kept, and what needs no room still works.
Send the same request again later; an operator has to make room. With the same Idempotency-Key it has one effect.

upstream_timeout 504
The service took too long
The service behind the gateway did not answer in time.
Look whether your change was made before you repeat it; with the same Idempotency-Key you may repeat at once.
""")
