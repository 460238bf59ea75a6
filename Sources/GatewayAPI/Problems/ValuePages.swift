// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension ProblemPage {
    /// Problems of objects, attributes and values.
    static let valuePages: [ProblemPage] = [
        ProblemPage(
            "object-undefined",
            cause: "The object list of the association does not have this object, or the meter says so.",
            gatewayDid: "It looked into the object list, and asked the meter only if the list has the object.",
            whatToDo:
                "Take one of the names in `choices`, or list the objects. Another association may see more.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects?q=energy\""
        ),
        ProblemPage(
            "object-unavailable",
            cause: "The meter has the object but does not give access to it now, or not to this association.",
            gatewayDid: "It asked the meter once.",
            whatToDo: "Try another association with `?association=`.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects/$OBIS?association=manager\""
        ),
        ProblemPage(
            "attribute-undefined",
            cause: "The object has no such attribute or method, or the class model knows no such name.",
            gatewayDid: "If the name was known, it asked the meter once.",
            whatToDo: "Look at the attributes of the object, or use the number in place of the name.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects/$OBIS\""
        ),
        ProblemPage(
            "ambiguous-object",
            cause: "The meter has several objects of different classes with this logical name.",
            gatewayDid: "It asked the meter for nothing.",
            whatToDo: "Say which one with `?class=`; `choices` lists them.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects?q=$OBIS\""
        ),
        ProblemPage(
            "object-class-inconsistent",
            cause: "The meter has the object, but of another class than the request says.",
            gatewayDid: "It asked the meter once.",
            whatToDo: "Leave `class` out, or read the object list again with `Cache-Control: no-cache`.",
            look: "curl -s -H 'Cache-Control: no-cache' \"$GATEWAY/meters/$METER/objects/$OBIS\""
        ),
        ProblemPage(
            "profile-unknown",
            cause: "The meter has no profile (class 7) with this logical name.",
            gatewayDid: "It looked into the object list.",
            whatToDo: "List the profiles.",
            look: "curl -s $GATEWAY/meters/$METER/profiles"
        ),
        ProblemPage(
            "range-not-supported",
            cause: "The meter refuses to give a part of this profile and the whole is too large to read for a part, "
                + "or the profile has no such part: no time, no such column, only one row.",
            gatewayDid: "It asked the meter for the part, then looked how many entries there are.",
            whatToDo:
                "Read the detail. Try `entries=N`, list the columns of the profile, or read the whole buffer attribute in a job.",
            look: "curl -s $GATEWAY/meters/$METER/profiles/$OBIS"
        ),
        ProblemPage(
            "type-required",
            cause: "The class model does not say which type the attribute has, and it could not be read.",
            gatewayDid: "Nothing was written.",
            whatToDo: "Send the typed form: `{\"value\":{\"type\":\"long-unsigned\",\"value\":7}}`.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects/$OBIS/attributes/2?form=typed\""
        ),
        ProblemPage(
            "type-mismatch",
            cause: "The value does not fit the type of the attribute, or the meter says so.",
            gatewayDid: "Nothing was written, or the meter refused the write.",
            whatToDo: "Read the attribute with `form=typed` to see its type.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects/$OBIS/attributes/2?form=typed\""
        ),
        ProblemPage(
            "value-out-of-range",
            cause:
                "The value lies outside of what is allowed, which `detail` tells: of what the type of an attribute holds, of a setting, or of what your own key allows.",
            gatewayDid: "Nothing was written.",
            whatToDo: "Send a value within those bounds.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects/$OBIS/attributes/2?form=typed\""
        ),
        ProblemPage(
            "expectation-failed-state",
            cause: "`expect` says what the attribute should hold now, and it holds something else.",
            gatewayDid: "It read the attribute and wrote nothing.",
            whatToDo: "Look at the value and decide again.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects/$OBIS/attributes/2?maxAge=0\""
        ),
        ProblemPage(
            "verification-failed",
            cause: "The meter accepted the write, but reading back gave another value.",
            gatewayDid: "It wrote once and read back once.",
            whatToDo: "Read the attribute. Some attributes change by themselves: write those with `\"verify\":false`.",
            look: "curl -s \"$GATEWAY/meters/$METER/objects/$OBIS/attributes/2?maxAge=0\""
        ),
        ProblemPage(
            "orders-only",
            cause:
                "The request would switch supply, or could: it names an object of class 70 (disconnect control), or a script, schedule, limiter or calendar that leads to one, or whose scripts cannot be read.",
            gatewayDid: "It read at most which scripts there are. Nothing was written or invoked.",
            whatToDo: "Use an order, which checks the state, expires, is verified and audited.",
            look: "curl -s $GATEWAY/meters/$METER/disconnector"
        ),
        ProblemPage(
            "undecodable",
            cause: "The octets are not of the layer asked for, or of none that is known here.",
            gatewayDid: "It stopped at the offset that `detail` names.",
            whatToDo: "Name the layer, and check that nothing is missing at the beginning or the end.",
            look:
                "curl -s -X POST $GATEWAY/tools/decode -H 'Content-Type: application/json' -d '{\"layer\": \"xdlms\", \"hex\": \"C001C1000100002B0100FF0200\"}'"
        ),
    ]
}
