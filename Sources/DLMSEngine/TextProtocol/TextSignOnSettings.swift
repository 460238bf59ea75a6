// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// How a meter of IEC 62056-21 is greeted: from the first character to the option that it is told.
///
/// Used by the text protocol itself and in front of HDLC, see ``OpticalSignOn``.
public struct TextSignOnSettings: Hashable, Sendable {
    /// What becomes of the higher speed that a meter of mode B, C or E offers in its identification.
    public enum SpeedChange: Hashable, Sendable {
        /// It is taken.
        case offered
        /// It is taken, or the highest one up to so many bauds, which a line or an optical head may stand.
        case limited(to: Int)
        /// The speed stays as it is, and the meter is told so: the option names 300 Bd.
        case none
        /// The option names the meter's speed, and the line is left alone: what stands in between changes by itself, or
        /// the meter never does.
        case unnoticed
    }

    /// Whether the line hands back what was sent over it, as optical heads and current loops do.
    public enum Echo: Hashable, Sendable {
        /// Found out with the first request, which no meter answers with.
        case automatic
        /// It does.
        case always
        /// It does not: nothing is taken for an echo.
        case never
    }

    /// The address of the meter, at most 32 characters; empty for whichever meter hears it.
    public var request: RequestMessage
    /// Whether zeros are sent before the request, for meters that sleep: 2.2 s long, then 1.6 s of silence.
    public var wakesUp = false
    /// The line at the beginning of each session.
    ///
    /// With 8 data bits and no parity the parity of characters goes in their bit 7.
    public var opening = LineFormat(baud: UInt32(TextBaudRate.opening), dataBits: 7, parity: .even)
    /// What becomes of the speed that the meter offers.
    public var speedChange = SpeedChange.offered
    /// How long after the last character of the option the line changes; nil = 40 ms, or 5 ms for a meter that says that
    /// it reacts within 20 ms.
    ///
    /// A meter may answer as soon as 200 ms (20 ms) after it, so a longer time is for drivers that send late.
    public var speedChangeDelay: Duration?
    /// Whether the line echoes.
    public var echo = Echo.automatic
    /// How often the meter is asked for its identification before it counts as absent, at least 1.
    public var attempts = 2
    /// How long to wait for the first character of an answer, beyond the time that it takes to send the question.
    ///
    /// A meter has to begin within 1.5 s; networks in between take time of their own.
    public var reactionTimeout = Duration.milliseconds(2000)
    /// How long a message may pause between two characters before it counts as broken off; the standard has 1.5 s.
    public var characterTimeout = Duration.milliseconds(1500)

    /// Greets with an address, or whichever meter hears it.
    public init(request: RequestMessage = RequestMessage()) {
        self.request = request
    }

    /// How eight bits carry a character on this line.
    var parity: TextParity { opening.dataBits == 8 && opening.parity == .none ? .even : .stripped }
}
