// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import GatewayCore
import JSONText
import Timekeeping

/// How outcomes of writes and methods look in JSON.
enum CommandRepresentation {
    /// Writes what came of a write, member by member.
    static func writeMembers(_ outcome: WriteOutcome, into writer: inout JSONWriter) {
        let values = ReadingRepresentation()
        ReadingRepresentation.write(outcome.object, into: &writer)
        ReadingRepresentation.write(
            outcome.attributeIndex,
            outcome.object.model?.attribute(outcome.attributeIndex)?.name,
            into: &writer
        )
        writer.member("type", outcome.value.typeName)
        if let before = outcome.before { values.write(before, outcome.context, named: "before", into: &writer) }
        if let after = outcome.after { values.write(after, outcome.context, named: "after", into: &writer) }
        writer.member("written", outcome.isWritten)
        writer.member("verified", outcome.isVerified)
        writer.member("dryRun", outcome.isDryRun)
        writer.member("association", outcome.association)
        writer.member("writtenAt", outcome.writtenAt?.rfc3339)
    }

    /// Writes what came of a method, member by member.
    static func writeMembers(_ outcome: MethodOutcome, into writer: inout JSONWriter) {
        ReadingRepresentation.write(outcome.object, into: &writer)
        ReadingRepresentation.write(outcome.methodIndex, outcome.methodName, as: "method", into: &writer)
        writer.member("result", outcome.isDryRun ? "not-sent" : "success")
        if let returned = outcome.returned {
            ReadingRepresentation().write(returned, ValueContext(), named: "returned", into: &writer)
        } else {
            writer.name("returned")
            writer.null()
        }
        writer.member("dryRun", outcome.isDryRun)
        writer.member("association", outcome.association)
        writer.member("invokedAt", outcome.invokedAt?.rfc3339)
    }
}
