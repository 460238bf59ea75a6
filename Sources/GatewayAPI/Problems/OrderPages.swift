// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension ProblemPage {
    private static let nothing = "It asked the meter for nothing."

    /// Problems of credentials, orders and schedules.
    static let orderPages: [ProblemPage] = [
        ProblemPage(
            "authentication-required",
            cause: "The operation needs credentials, and the request has none.",
            gatewayDid: nothing,
            whatToDo:
                "Send `Authorization: Bearer` with an API key. The first start of the gateway printed one; `cosem-gateway key create` makes others.",
            look: "curl -s -H \"Authorization: Bearer $KEY\" $GATEWAY/whoami"
        ),
        ProblemPage(
            "token-expired",
            cause: "The credentials were valid once.",
            gatewayDid: nothing,
            whatToDo: "Ask the operator for a new key, or get a new token.",
            look: "curl -s -H \"Authorization: Bearer $KEY\" $GATEWAY/whoami | jq .detail"
        ),
        ProblemPage(
            "token-invalid",
            cause:
                "The credentials are not known here, damaged, revoked, not good from this address, or not sent as `Bearer`. `detail` says which.",
            gatewayDid: nothing,
            whatToDo:
                "Send `Authorization: Bearer` and the whole key, which has 63 characters and begins with `cgw_`. One that was revoked stays so: ask for another.",
            look: "curl -si -H \"Authorization: Bearer $KEY\" $GATEWAY/whoami | grep -i ^www-authenticate"
        ),
        ProblemPage(
            "insufficient-scope",
            cause: "The credentials are valid but do not allow this operation.",
            gatewayDid: nothing,
            whatToDo:
                "Ask the operator for a key with the scope that `detail` names. A key with labels reaches what is about its meters only.",
            look: "curl -s -H \"Authorization: Bearer $KEY\" $GATEWAY/whoami | jq '.scopes, .labels'"
        ),
        ProblemPage(
            "live-read-not-allowed",
            cause: "The credentials allow kept values only, and there is none that is young enough.",
            gatewayDid: nothing,
            whatToDo: "Accept an older value with `source=cache`, or use a key that may ask meters.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects/$OBIS/attributes/2?source=cache\""
        ),
        ProblemPage(
            "rate-limited",
            cause: "The caller sends more requests than it may.",
            gatewayDid: nothing,
            whatToDo: "Repeat after `Retry-After` seconds.",
            look: "curl -si -H \"Authorization: Bearer $KEY\" $GATEWAY/whoami | grep -i ^ratelimit"
        ),
        ProblemPage(
            "precondition-required",
            cause: "The write must say what it was based on.",
            gatewayDid: "Nothing was stored.",
            whatToDo: "Send `If-Match` with the ETag, or `If-None-Match: *` for something new.",
            look: "curl -si $GATEWAY/meters/$METER | grep -i ^etag"
        ),
        ProblemPage(
            "meter-protected",
            cause: "The meter is protected against orders that cut supply.",
            gatewayDid: nothing,
            whatToDo: "If the order is right all the same, set `protected` to false first.",
            look: "curl -s $GATEWAY/meters/$METER | jq .protected"
        ),
        ProblemPage(
            "meter-locked",
            cause: "An operator holds or drains the channel of the meter.",
            gatewayDid:
                "It waited as long as the request allowed while the channel was held; nothing was sent to the meter.",
            whatToDo: "Repeat after `until`, or ask the operator; `detail` has the reason.",
            look: "curl -s $GATEWAY/channels/meter:$METER"
        ),
        ProblemPage(
            "no-disconnector",
            cause:
                "The meter has no object of class 70 in the association that orders use. A meter that speaks IEC 62056-21 never has one.",
            gatewayDid: "It looked into the object list.",
            whatToDo: "Check that the meter can be switched at all, and that the association may see it.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects?class=70&association=manager\""
        ),
        ProblemPage(
            "unexpected-state",
            cause: "The disconnector is not in the state that the order expects.",
            gatewayDid: "It read the state and sent no order.",
            whatToDo: "Look at the meter and decide again.",
            look: "curl -s $GATEWAY/meters/$METER/disconnector"
        ),
        ProblemPage(
            "not-allowed-by-control-mode",
            cause: "The control mode of the disconnector does not allow the order from remote.",
            gatewayDid: "It read the control mode and sent no order.",
            whatToDo: "Change the control mode, if that is right, or switch at the meter.",
            look: "curl -s $GATEWAY/meters/$METER/disconnector"
        ),
        ProblemPage(
            "adjustment-too-large",
            cause: "The clock is further off than the order allows to adjust.",
            gatewayDid: "It read the clock and did not set it.",
            whatToDo: "Find out why, then repeat with a larger `maxAdjust`.",
            look: "curl -s $GATEWAY/meters/$METER/clock"
        ),
        ProblemPage(
            "clock-ambiguous",
            cause:
                "The meter's time stands for two instants or for none, as in the hour when daylight saving ends, or some of its fields are open.",
            gatewayDid: "It read the clock and did not set it.",
            whatToDo: "Repeat an hour later; if it stays, check `timeZone` and the quirks of the meter.",
            look: "curl -s $GATEWAY/meters/$METER/clock"
        ),
        ProblemPage(
            "capture-boundary",
            cause:
                "Between the meter's time and the true one lies a moment at which the meter captures rows of a profile: set forward the meter would leave a row out, set back it would have it twice.",
            gatewayDid: "It read the clock and did not set it.",
            whatToDo:
                "Repeat after `Retry-After`, when both times are in the same period again; a job does so by itself. A clock that is off by more than a period passes such a moment at any time: say `acrossBoundary` once you accept that.",
            look: "curl -s $GATEWAY/meters/$METER/clock"
        ),
        ProblemPage(
            "secrets-pending",
            cause:
                "New keys or passwords were sent to the meter and no answer came, so it has either all of the old or all of the new ones.",
            gatewayDid: "It kept both and sent nothing more.",
            whatToDo: "Let the gateway find out which the meter has; it tries both, and loses neither.",
            look: "curl -s -X POST $GATEWAY/meters/$METER/secrets/resolve"
        ),
        ProblemPage(
            "image-rejected",
            cause: "The meter takes no firmware image now, found the image to be bad, or could not put it in force.",
            gatewayDid: "It left the meter's present firmware alone.",
            whatToDo: "Check that the image is complete and made for this model; read image_transfer_status.",
            look: "curl -s $GATEWAY/meters/$METER/objects/0.0.44.0.0.255/attributes/6"
        ),
        ProblemPage(
            "order-limit",
            cause:
                "More disconnections in an hour than `orders.maxDisconnectsPerHour` allows, sent or waiting, of all gateways on the database together.",
            gatewayDid: nothing,
            whatToDo: "Repeat after `Retry-After`. If so many orders are right, the operator can raise the limit.",
            look: "curl -s \"$GATEWAY/jobs?kind=disconnect&limit=60\""
        ),
        ProblemPage(
            "orders-held",
            cause: "An operator holds all orders that switch supply, or the hold file of a gateway is there.",
            gatewayDid: "No order was taken or sent. Those that wait go on when the hold ends, unless they expire.",
            whatToDo: "Ask who holds them. `DELETE /system/orders-hold` ends the hold.",
            look: "curl -s $GATEWAY/system/orders-hold"
        ),
        ProblemPage(
            "outside-order-window",
            cause: "The operator allows disconnections at certain times only, `orders.window`.",
            gatewayDid: nothing,
            whatToDo: "Repeat in the window, or send the order with `notBefore` and `expiresAt` in it.",
            look: "curl -s $GATEWAY/system/config | jq '.items[] | select(.name | startswith(\"orders.\"))'"
        ),
        ProblemPage(
            "order-expired",
            cause: "The order could not be sent before `expiresAt`, for instance because the meter was away.",
            gatewayDid: "It never sent the order, and never will.",
            whatToDo: "Decide again. A new order needs a new Idempotency-Key.",
            look: "curl -s $GATEWAY/jobs/$JOB/executions"
        ),
        ProblemPage(
            "order-unconfirmed",
            cause: "The order needed a confirmation, and none came within five minutes.",
            gatewayDid: "It never sent the order, and never will.",
            whatToDo: "Make a new order and confirm it with `POST /jobs/{id}/confirm`.",
            look: "curl -s $GATEWAY/jobs/$JOB"
        ),
        ProblemPage(
            "confirmation-mismatch",
            cause: "The token is not the one of this order, or the count is not the number of its meters.",
            gatewayDid: "The order still waits for its confirmation.",
            whatToDo: "Read the order once more, and confirm exactly what it says.",
            look: "curl -s $GATEWAY/jobs/$JOB"
        ),
        ProblemPage(
            "confirmation-refused",
            cause:
                "With `self` the one who made the order has to confirm it; with `four-eyes` it has to be somebody else, and neither may have made the key of the other.",
            gatewayDid: "The order still waits for its confirmation.",
            whatToDo: "Have the right person confirm; with `four-eyes` two people whose keys a third made.",
            look: "curl -s -H \"Authorization: Bearer $KEY\" $GATEWAY/whoami $GATEWAY/jobs/$JOB"
        ),
        ProblemPage(
            "confirmation-unavailable",
            cause: "The order needs a second principal, and without authentication everybody is the same one.",
            gatewayDid: nothing,
            whatToDo: "Ask for no more than `self`, or have the operator turn on authentication.",
            look: "curl -s $GATEWAY/system/config | jq '.items[] | select(.name | startswith(\"orders.confirmation\"))'"
        ),
        ProblemPage(
            "order-not-carried-out",
            cause:
                "The order was sent once. Whether it arrived is not known, but the disconnector was still in its old state long after.",
            gatewayDid: "It read the state several times, and did not send the order again.",
            whatToDo: "Find out why at the meter. A new order is a new decision, with a new Idempotency-Key.",
            look: "curl -s $GATEWAY/meters/$METER/disconnector"
        ),
        ProblemPage(
            "job-not-finished",
            cause: "The job has no result yet.",
            gatewayDid: "Nothing.",
            whatToDo: "Wait for it with `Prefer: wait=20`.",
            look: "curl -s -H 'Prefer: wait=20' $GATEWAY/jobs/$JOB"
        ),
        ProblemPage(
            "job-purged",
            cause: "The job ended long ago, and its record was removed.",
            gatewayDid: "Nothing.",
            whatToDo:
                "Fetch results while they are kept. What the job read is kept longer: `GET /readings`, and rows with `source=stored`.",
            look: "curl -s $GATEWAY/system/config | jq '.items[] | select(.name | startswith(\"jobs.retention\"))'"
        ),
        ProblemPage(
            "bad-recurrence",
            cause: "The recurrence of a schedule cannot be read, or it never comes.",
            gatewayDid: "Nothing was stored.",
            whatToDo:
                "Correct the place that `detail` names; `column` counts from 1. Try recurrences without saving them.",
            look:
                "curl -X POST -H 'Content-Type: application/json' -d '{\"recurrence\":{\"cron\":\"15 2 * * *\"}}' $GATEWAY/schedules/preview"
        ),
        ProblemPage(
            "circuit-open",
            cause: "The meter, or the line to it, failed so often that it is left alone for a while.",
            gatewayDid: nothing,
            whatToDo:
                "Repeat after `until`, or find out why the meter fails; what cannot wait goes with `Priority: u=0`.",
            look: "curl -s -X POST $GATEWAY/meters/$METER/check"
        ),
        ProblemPage(
            "meter-busy",
            cause: "The meter is busy with another client.",
            gatewayDid: "It asked once.",
            whatToDo: "Repeat after `Retry-After` seconds.",
            look: "curl -s $GATEWAY/channels/meter:$METER"
        ),
    ]
}
