// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import JSONText
import Timekeeping

/// The text of event streams (HTML, section 9.2.5: server-sent events).
enum EventStreamText {
    /// The media type.
    static let mediaType = "text/event-stream"
    /// How often a comment shows that the stream lives, in seconds; a client that is gone is found out by it.
    static let pulse = 15
    /// How long a browser waits before it comes back, in milliseconds.
    private static let retry = 3000

    /// The beginning: how soon to come back, and from where if the connection ends before the first event.
    static func beginning(at position: String?) -> [UInt8] {
        Array("retry: \(retry)\n\(position.map { "id: \($0)\n" } ?? "")\n".utf8)
    }

    /// A comment, with the place to go on from for a stream that shows only few of all events.
    static func keepAlive(at position: String? = nil) -> [UInt8] {
        Array(": keep-alive\n\(position.map { "id: \($0)\n" } ?? "")\n".utf8)
    }

    /// An event with its data, which holds no line break.
    static func event(_ type: String, id: String, data: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(data.count + 96)
        text += "id: \(id)\nevent: \(type)\ndata: ".utf8
        text += data
        text += "\n\n".utf8
        return text
    }

    /// Tells that events are missing here, and where those of them that were kept are listed.
    static func gap(after: EventID, upTo: EventID, basePath: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("after", after.text)
        writer.member("upTo", upTo.text)
        // What another gateway kept has its name from before it was told here.
        let begin = EventID.least(at: after.timestamp - EventFeed.stepBack)
        writer.member("list", "\(basePath)/events?since=\(begin.text)")
        writer.endObject()
        return event("gap", id: upTo.text, data: writer.takeOctets())
    }
}
