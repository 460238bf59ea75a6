// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension ProblemPage {
    /// Problems on the way to a meter, and what meters answer.
    static let meterPages: [ProblemPage] = [
        ProblemPage(
            "meter-unreachable",
            cause:
                "No connection came about: the name is not known, there is no route, nobody answered in time, or a serial port or converter cannot be used. `detail` says which.",
            gatewayDid: "It tried once for `timeouts.connect`. Nothing was sent to the meter.",
            whatToDo:
                "Check power and network of the meter, and `channel.host` and `channel.port`. A serial port has to be plugged in, free, and open to the user of the gateway: usually the members of the group `dialout` may use it.",
            look: "curl -s -X POST $GATEWAY/meters/$METER/check"
        ),
        ProblemPage(
            "meter-refused-connection",
            cause: "The host answers, but nothing listens on the port, or something refuses the connection.",
            gatewayDid: "It tried once. Nothing was sent to the meter.",
            whatToDo: "Check `channel.port`. Many meters take one connection at a time: is another client connected?",
            look: "curl -s -X POST $GATEWAY/meters/$METER/check"
        ),
        ProblemPage(
            "meter-timeout",
            cause: "The connection stands, but the meter did not answer within `timeouts.response`.",
            gatewayDid:
                "It closed the connection, so that a late answer cannot be taken for another. A read was not repeated.",
            whatToDo:
                "Check `framing`, `address` and `clientAddress`: many meters stay silent when these are wrong. Slow meters need a longer `timeouts.response`. The trace shows what goes out and what comes back while the way is tried.",
            look:
                "curl -sN \"$GATEWAY/meters/$METER/trace?for=PT20S\" & sleep 1\ncurl -s -X POST $GATEWAY/meters/$METER/check"
        ),
        ProblemPage(
            "connection-lost",
            cause: "The meter, or something on the way, closed the connection in the middle of an exchange.",
            gatewayDid: "It gave up this exchange; the next one connects again.",
            whatToDo:
                "Repeat a read. If it happens always, check `framing`, for meters hang up on another one than theirs, and whether another client has the meter. The trace shows how far it goes.",
            look:
                "curl -sN \"$GATEWAY/meters/$METER/trace?for=PT20S\" & sleep 1\ncurl -s -X POST $GATEWAY/meters/$METER/check"
        ),
        ProblemPage(
            "outcome-unknown",
            cause:
                "A write or a method was sent, and no answer came that proves what became of it: none at all, or one that could not be read or may be anybody's. The meter may have carried it out or not.",
            gatewayDid: "It sent the request once and does not repeat it.",
            whatToDo: "Read the attribute to see what happened before you send anything again.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects/$OBIS/attributes/2?maxAge=0\""
        ),
        ProblemPage(
            "association-rejected",
            cause: "The meter refused the association. `detail` has its reason.",
            gatewayDid: "It closed the connection. Nothing was read or written.",
            whatToDo:
                "Check `clientAddress`, `address.logicalDevice`, `referencing` and the mechanism: the meter may not know this client, or ask for another way to authenticate.",
            look: "curl -s -X POST $GATEWAY/meters/$METER/check"
        ),
        ProblemPage(
            "authentication-failed-at-meter",
            cause: "The meter refused the password or key of the association.",
            gatewayDid: "It closed the connection and did not try again; some meters lock after several tries.",
            whatToDo: "Set the right secret with PATCH. Secrets as text and as hex are different octets.",
            look: "curl -s $GATEWAY/meters/$METER | jq .associations"
        ),
        ProblemPage(
            "not-a-text-meter",
            cause: "A readout was asked for, or imported, of a meter that speaks DLMS/COSEM.",
            gatewayDid: "Nothing was sent, and nothing was kept.",
            whatToDo:
                "Read its objects and profiles. If the meter speaks IEC 62056-21, set `framing` to `iec62056-21`.",
            look: "curl -s $GATEWAY/meters/$METER/objects"
        ),
        ProblemPage(
            "readout-unreadable",
            cause:
                "A file, or a part of it, is no readout of IEC 62056-21, a check in it fails, or it does not tell whose it is. `detail` says which.",
            gatewayDid: "It kept nothing of this readout. Other readouts of the same file are not affected.",
            whatToDo:
                "Send the file as the meter wrote it. A failed check means that a character was changed: read the meter again. A readout without a number goes to `/meters/{id}/readout-files`.",
            look: "curl -s -X POST $GATEWAY/meters/$METER/readout"
        ),
        ProblemPage(
            "readout-of-another-meter",
            cause: "The number in the readout (0.0.0 or C.1.0) is not the `address.device` of the meter.",
            gatewayDid: "It kept nothing of this readout.",
            whatToDo:
                "Import it for the right meter. If the meter is addressed by another number than it shows, repeat with `?number=ignored`.",
            look: "curl -s $GATEWAY/meters/$METER | jq .address"
        ),
        ProblemPage(
            "deciphering-failed",
            cause:
                "A protected message does not open with the configured keys, here or at the meter. `detail` says where.",
            gatewayDid: "It closed the connection and used nothing of the message.",
            whatToDo:
                "Check `blockCipherKey`, `authenticationKey`, `suite` and `clientSystemTitle` of the association. A meter that tells no system title needs the quirk `serverSystemTitle`. If nobody gave you the authentication key, the quirk `acceptsUnverified` opens the answers unchecked, and marks them.",
            look: "curl -s $GATEWAY/meters/$METER | jq '.associations, .quirks'"
        ),
        ProblemPage(
            "invocation-counter-rejected",
            cause:
                "The invocation counters of gateway and meter do not fit: the meter does not take ours, or its own did not grow, or the key has none left. `detail` says which.",
            gatewayDid:
                "It reserves every counter in its database before use and never uses one twice. It follows a meter that is ahead, but only so far and so often, because nothing proves that the word is the meter's.",
            whatToDo:
                "Set `invocationCounterObject`, so that the meter's view is read first. If the meter is further ahead than the gateway follows, and you know that it is right, allow it with POST /meters/{id}/counters/raise. Find out who else uses the key. An exhausted key has to be changed.",
            look: "curl -s $GATEWAY/meters/$METER/counters"
        ),
        ProblemPage(
            "protocol-error",
            cause: "What the meter sent is not valid DLMS/COSEM, or not an answer to what was asked.",
            gatewayDid: "It closed the connection.",
            whatToDo:
                "Check that the port really speaks DLMS/COSEM with the configured framing. Then report it, with the meter's model.",
            look:
                "curl -sN \"$GATEWAY/meters/$METER/trace?for=PT20S\" & sleep 1\ncurl -s -X POST $GATEWAY/meters/$METER/check"
        ),
        ProblemPage(
            "exception-response",
            cause: "The meter refused the service as such: it is not possible, not known or not now.",
            gatewayDid: "It asked once.",
            whatToDo: "`dlms` has the words of the meter. Another association may be allowed the service.",
            look:
                "curl -s $GATEWAY/meters/$METER/objects/0.0.42.0.0.255/attributes/2 $GATEWAY/meters/$METER/association"
        ),
        ProblemPage(
            "denied-by-meter",
            cause: "The meter does not give this association the right to read, write or invoke.",
            gatewayDid: "It asked the meter once; the meter refused.",
            whatToDo: "Look at the access rights of the object, and use an association with more of them.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects/$OBIS?association=manager\""
        ),
        ProblemPage(
            "meter-hardware-fault",
            cause: "The meter reports a fault of its hardware for this attribute or method.",
            gatewayDid: "It asked once.",
            whatToDo:
                "Some meters say this of things that do not exist at the moment, such as a firmware image. Else have the meter looked at.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects/$OBIS\""
        ),
        ProblemPage(
            "meter-refused",
            cause: "The meter refused for a reason that it does not explain further.",
            gatewayDid: "It asked once. `dlms` has the words of the meter.",
            whatToDo: "Look into the meter's documentation; try another association or another attribute.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects/$OBIS\""
        ),
        ProblemPage(
            "meter-temporary-failure",
            cause: "The meter says that it cannot do this at the moment.",
            gatewayDid: "It asked once.",
            whatToDo: "Repeat after `Retry-After` seconds.",
            look: "curl -s $GATEWAY/channels/meter:$METER"
        ),
        ProblemPage(
            "line-busy",
            cause: "The line to the meter did not become free in time.",
            gatewayDid: "The request waited in line and was taken out. Nothing was sent to the meter.",
            whatToDo: "Repeat later, or wait longer with `Prefer: wait=60`.",
            look: "curl -s $GATEWAY/channels/meter:$METER"
        ),
        ProblemPage(
            "meter-not-connected",
            cause: "The meter connects to the gateway, not the gateway to the meter, and it has no connection.",
            gatewayDid:
                "It waited for the meter to dial in for as long as the caller wanted to wait. Nothing was sent to the meter.",
            whatToDo:
                "Wait longer with `Prefer: wait=60`, or use a job. If the meter never connects, check the address and port in its modem, the `identity` of its channel, and the callers for which no meter is configured.",
            look: "curl -s $GATEWAY/channels/meter:$METER"
        ),
        ProblemPage(
            "queue-full",
            cause: "Too many requests wait for the same line.",
            gatewayDid: "It did not put this one in line.",
            whatToDo: "Ask less often, or accept older values with `maxAge`.",
            look: "curl -s $GATEWAY/channels/meter:$METER"
        ),
        ProblemPage(
            "wait-exceeded",
            cause: "The time that the caller wanted to wait is over, and the work is not done.",
            gatewayDid: "A read was given up; its outcome, if it comes, may serve the next caller.",
            whatToDo: "Wait longer with `Prefer: wait=60`, or use a job.",
            look: "curl -s $GATEWAY/channels/meter:$METER"
        ),
        ProblemPage(
            "not-cached",
            cause: "The request says not to ask the meter, and there is no value kept here that is young enough.",
            gatewayDid: "It did not ask the meter.",
            whatToDo: "Leave out `only-if-cached` or `source=cache`, or allow an older value.",
            look: "curl -s $GATEWAY/meters/$METER/readings/latest"
        ),
    ]
}
