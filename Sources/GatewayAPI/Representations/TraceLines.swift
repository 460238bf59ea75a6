// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Timekeeping

/// How the lines of a trace are laid out: one JSON object a line, or an event stream for browsers.
struct TraceLines: Sendable {
    /// The layouts.
    enum Layout: Sendable {
        /// NDJSON.
        case lines
        /// Server-sent events (HTML, section 9.2).
        case eventStream
    }

    /// Why a trace ends.
    enum End: String, Sendable {
        /// The time that was asked for is over.
        case timeIsOver = "time-is-over"
        /// The credentials of who watches ended or were revoked.
        case noLongerAllowed = "no-longer-allowed"
        /// The gateway shuts down.
        case shutdown = "shutting-down"
    }

    private let layout: Layout

    init(_ layout: Layout) {
        self.layout = layout
    }

    /// One line; the members of the object besides time and event are written by the closure.
    func line(_ event: String, at time: Timestamp, _ members: (inout JSONWriter) -> Void = { _ in }) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.beginObject()
        writer.member("time", time.rfc3339)
        writer.member("event", event)
        members(&writer)
        writer.endObject()
        let object = writer.takeOctets()
        return switch layout {
        case .lines: object + [UInt8(ascii: "\n")]
        case .eventStream: Array("event: \(event)\ndata: ".utf8) + object + Array("\n\n".utf8)
        }
    }

    /// The first line.
    func beginning(_ meter: String, at time: Timestamp, until end: Timestamp) -> [UInt8] {
        line("watching", at: time) { writer in
            writer.member("meter", meter)
            writer.member("until", end.rfc3339)
        }
    }

    /// The last line.
    func ending(_ end: End, at time: Timestamp) -> [UInt8] {
        line("end", at: time) { $0.member("reason", end.rawValue) }
    }

    /// A sign of life.
    func keepAlive(at time: Timestamp) -> [UInt8] {
        switch layout {
        case .lines: line("keep-alive", at: time)
        case .eventStream: Array(": keep-alive\n\n".utf8)
        }
    }
}
