// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import JSONText
import MeterSessions
import Timekeeping

/// How channels and groups of them look in JSON.
enum ChannelRepresentation {
    /// Writes a shared channel, with its status if that is given.
    static func write(_ record: ChannelRecord, _ standing: ChannelStanding?, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", record.id.text)
        record.configuration.writeMembers(into: &writer)
        record.writeState(into: &writer)
        if let standing {
            writer.name("status")
            write(standing, into: &writer)
        }
        writer.endObject()
    }

    /// Writes the channel of a meter.
    static func write(_ meter: MeterRecord, _ standing: ChannelStanding, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", Gateway.ownChannelPrefix + meter.id.text)
        writer.member("meter", meter.id.text)
        switch meter.configuration.channel {
        case .inline(let channel): channel.writeMembers(into: &writer)
        case .shared(let id): writer.member("channel", id.text)
        }
        writer.member("revision", meter.revision.text)
        writer.name("status")
        write(standing, into: &writer)
        writer.endObject()
    }

    /// Writes how things stand with a channel.
    static func write(_ standing: ChannelStanding, into writer: inout JSONWriter) {
        let status = standing.status
        writer.beginObject()
        writer.member("state", standing.state.rawValue)
        writer.member("heldUntil", standing.heldUntil?.rfc3339)
        writer.member("holdReason", standing.holdReason)
        writer.member("group", status.group)
        writer.name("queue")
        writer.beginObject()
        writer.member("length", status.queueLength)
        writer.name("byPriority")
        writer.beginArray()
        for count in status.queue { writer.integer(count) }
        writer.endArray()
        writer.endObject()
        writer.name("holder")
        if let holder = status.holder {
            writer.beginObject()
            writer.member("meter", holder.meter)
            writer.member("association", holder.association)
            writer.member("since", standing.holderSince?.rfc3339)
            writer.endObject()
        } else {
            writer.null()
        }
        writer.name("breaker")
        write(status.breaker, until: standing.breakerUntil, reason: standing.lastFailure?.error, into: &writer)
        writer.name("counters")
        writer.beginObject()
        writer.member("exchanges", status.totals.exchanges)
        writer.member("failures", status.totals.failures)
        writer.member("connections", status.totals.connections)
        writer.member("octetsSent", status.totals.octetsSent)
        writer.member("octetsReceived", status.totals.octetsReceived)
        writer.endObject()
        writer.name("lastError")
        if let failure = standing.lastFailure {
            writer.beginObject()
            writer.member("problem", failure.error.name)
            writer.member("detail", failure.error.detail)
            writer.member("meter", failure.meter)
            writer.member("at", failure.at.rfc3339)
            writer.endObject()
        } else {
            writer.null()
        }
        writer.endObject()
    }

    /// Writes whether something is left alone, and why if it is.
    static func write(
        _ breaker: BreakerStatus,
        until: Timestamp?,
        reason: GatewayError?,
        into writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.member("state", breaker.state.rawValue)
        writer.member("failures", breaker.failures)
        writer.member("until", until?.rfc3339)
        writer.name("reason")
        if breaker.state != .closed, let reason {
            writer.beginObject()
            writer.member("problem", reason.name)
            writer.member("hint", reason.hint)
            writer.endObject()
        } else {
            writer.null()
        }
        writer.endObject()
    }

    /// Writes a group, with its status if that is given.
    static func write(_ record: ChannelGroupRecord, _ status: ChannelGroupStatus?, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", record.id.text)
        record.configuration.writeMembers(into: &writer)
        record.writeState(into: &writer)
        writer.name("status")
        writer.beginObject()
        writer.member("active", status?.active.count ?? 0)
        writer.member("channels", status?.active.map(\.text) ?? [])
        writer.member("waiting", status?.waiting ?? 0)
        writer.member("waitingToConnect", status?.waitingToConnect ?? 0)
        writer.endObject()
        writer.endObject()
    }
}
