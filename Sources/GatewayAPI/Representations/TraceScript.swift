// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterSessions
import ProtocolDecoder
import Timekeeping

/// Makes lines of what happens on the line to a meter, with frames explained and secrets masked.
struct TraceScript {
    private let lines: TraceLines
    private var decoder: ConversationDecoder
    private var association: String?

    init(_ lines: TraceLines, explains: Bool) {
        self.lines = lines
        decoder = ConversationDecoder(explains: explains)
    }

    /// Whether the keys of the association have to be looked up before an event.
    func needsKeys(for event: TraceEvent) -> Bool {
        if case .opened = event.event { return true }
        return event.association != association
    }

    /// Takes the keys of the association from here on.
    mutating func use(_ keys: ConversationKeys) {
        decoder.keys = keys
    }

    /// The lines for an event; none for octets whose frame is not complete.
    mutating func write(_ event: TraceEvent, at time: Timestamp) -> [UInt8] {
        association = event.association
        var octets: [UInt8] = []
        if event.lost > 0 {
            octets += write(decoder.flush(), event, at: time)
            decoder = ConversationDecoder(keys: decoder.keys, explains: decoder.explains)
            octets += lines.line("lost", at: time) { $0.member("count", event.lost) }
        }
        switch event.event {
        case .sent(let sent): octets += write(decoder.push(sent, from: .client), event, at: time)
        case .received(let received): octets += write(decoder.push(received, from: .server), event, at: time)
        case .dropped(let dropped):
            let frame = decoder.masked(dropped, from: .server)
            octets += write(frame, "dropped", event, at: time)
        case .opened:
            decoder = ConversationDecoder(keys: decoder.keys, explains: decoder.explains)
            octets += lines.line("opened", at: time) { $0.member("line", event.medium) }
        case .closed:
            octets += write(decoder.flush(), event, at: time)
            octets += lines.line("closed", at: time) { $0.member("line", event.medium) }
        case .formatChanged(let format), .formatIgnored(let format):
            octets += write(decoder.flush(), event, at: time)
            let isIgnored = if case .formatIgnored = event.event { true } else { false }
            octets += lines.line(isIgnored ? "format-ignored" : "format-changed", at: time) { writer in
                writer.member("baud", format.baud)
                writer.member("dataBits", format.dataBits)
                writer.member("parity", "\(format.parity)")
                writer.member("stopBits", format.stopBits)
            }
        }
        return octets
    }

    private func write(_ frames: [ExplainedFrame], _ event: TraceEvent, at time: Timestamp) -> [UInt8] {
        frames.flatMap { write($0, $0.side == .client ? "sent" : "received", event, at: time) }
    }

    private func write(_ frame: ExplainedFrame, _ name: String, _ event: TraceEvent, at time: Timestamp) -> [UInt8] {
        lines.line(name, at: time) { writer in
            writer.member("association", event.association)
            writer.name("octets")
            writer.string(utf8: frame.digits)
            if frame.isMasked { writer.member("masked", true) }
            if let explanation = frame.explanation {
                writer.name("decoded")
                writer.raw(explanation)
            }
        }
    }
}
