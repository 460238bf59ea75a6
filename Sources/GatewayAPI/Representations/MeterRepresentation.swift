// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import JSONText
import Timekeeping

/// How meters look in JSON.
enum MeterRepresentation {
    /// Writes a meter, secrets masked; with the state of its link if that is given.
    static func write(_ record: MeterRecord, link: LinkStatus? = nil, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", record.id.text)
        record.configuration.writeMembers(into: &writer, secrets: .redacted)
        record.writeState(into: &writer)
        if let link {
            writer.name("status")
            write(link, into: &writer)
        }
        writer.endObject()
    }

    private static func write(_ link: LinkStatus, into writer: inout JSONWriter) {
        let status = link.status
        writer.beginObject()
        writer.member("state", link.reachability.rawValue)
        writer.member("linkState", status.state.rawValue)
        writer.member("lastContact", link.lastContact?.rfc3339)
        writer.name("lastError")
        if let error = link.lastError {
            writer.beginObject()
            writer.member("problem", error.name)
            writer.member("detail", error.detail)
            writer.member("at", link.lastErrorAt?.rfc3339)
            writer.endObject()
        } else {
            writer.null()
        }
        writer.member("queueLength", status.queueLength)
        writer.name("breaker")
        ChannelRepresentation.write(status.breaker, until: link.breakerUntil, reason: link.lastError, into: &writer)
        writer.name("channel")
        if let channel = link.channel { ChannelRepresentation.write(channel, into: &writer) } else { writer.null() }
        writer.member("openAssociation", status.openAssociation)
        writer.member("exchanges", status.exchanges)
        writer.member("failures", status.failures)
        writer.member("connections", status.connections)
        writer.member("octetsSent", status.octetsSent)
        writer.member("octetsReceived", status.octetsReceived)
        writer.endObject()
    }
}
