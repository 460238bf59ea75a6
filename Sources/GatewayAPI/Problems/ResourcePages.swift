// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension ProblemPage {
    /// Problems of what is stored here: meters, channels and jobs.
    static let resourcePages: [ProblemPage] = [
        ProblemPage(
            "meter-unknown",
            cause: "No meter with this id is registered here.",
            gatewayDid: "Nothing.",
            whatToDo: "Look for the id in the list, capitals count; or register the meter with PUT.",
            look: "curl -s \"$GATEWAY/meters?q=1001\""
        ),
        ProblemPage(
            "channel-unknown",
            cause:
                "No shared channel or channel group with this id is registered here, or a meter or channel names one that is not.",
            gatewayDid: "Nothing was stored and no meter was asked.",
            whatToDo:
                "Take the name in `suggestion`, if that was meant; register groups before channels, and channels before meters.",
            look: "curl -s $GATEWAY/channels $GATEWAY/channel-groups"
        ),
        ProblemPage(
            "in-use",
            cause: "Meters are still registered on the channel, or channels in the group.",
            gatewayDid: "It kept the channel or group.",
            whatToDo: "Move or delete those that `detail` names first.",
            look: "curl -s $GATEWAY/channels \"$GATEWAY/jobs?kind=firmware&limit=10\""
        ),
        ProblemPage(
            "already-exists",
            cause: "POST makes something new, such as a meter or a key, and one with this id or name is there.",
            gatewayDid: "It left the one that is there as it is.",
            whatToDo:
                "Take another id or name, or change the one that is there with PUT or PATCH. The name of a key is given once for ever.",
            look: "curl -s $GATEWAY/meters/$METER"
        ),
        ProblemPage(
            "etag-mismatch",
            cause:
                "`If-Match` or `If-None-Match` does not hold: the resource was changed in the meantime, or exists already.",
            gatewayDid: "It left the resource as it is.",
            whatToDo: "GET the resource, apply your change to what is there now, and send the new ETag.",
            look: "curl -si $GATEWAY/meters/$METER | grep -i ^etag"
        ),
        ProblemPage(
            "not-supported",
            cause: "This version of the gateway does not have what the request asks for.",
            gatewayDid: "Nothing was stored and no meter was asked.",
            whatToDo: "See the README for what works, or take a newer version.",
            look: "curl -s $GATEWAY/openapi.json | jq '.info.version'"
        ),
        ProblemPage(
            "association-unknown",
            cause: "The meter has no configured association with the name that `association` gives.",
            gatewayDid: "No meter was asked.",
            whatToDo: "Take one of the names in the meter's `associations`, or add it.",
            look: "curl -s $GATEWAY/meters/$METER | jq .associations"
        ),
        ProblemPage(
            "job-unknown",
            cause: "There is no job with this id.",
            gatewayDid: "Nothing.",
            whatToDo: "Look for it in the list of jobs.",
            look: "curl -s \"$GATEWAY/jobs?limit=10\""
        ),
        ProblemPage(
            "wrong-state",
            cause: "The job is in a state in which this cannot be done; a finished job cannot be cancelled.",
            gatewayDid: "It left the job as it is.",
            whatToDo: "Look at the state of the job.",
            look: "curl -s $GATEWAY/jobs/$JOB"
        ),
    ]
}
