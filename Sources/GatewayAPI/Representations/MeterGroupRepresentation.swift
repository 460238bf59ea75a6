// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText

/// How groups of meters look in JSON.
enum MeterGroupRepresentation {
    /// Writes a group.
    ///
    /// - Parameter count: how many meters belong to it; nil leaves that out.
    static func write(_ record: MeterGroupRecord, count: Int? = nil, basePath: String, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", record.id.text)
        record.configuration.writeMembers(into: &writer)
        if let count { writer.member("memberCount", count) }
        record.writeState(into: &writer)
        writer.name("links")
        writer.beginObject()
        writer.member("self", "\(basePath)/groups/\(record.id.text)")
        writer.member("members", "\(basePath)/groups/\(record.id.text)/members")
        writer.endObject()
        writer.endObject()
    }
}
