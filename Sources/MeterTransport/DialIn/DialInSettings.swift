// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// How meters that connect to us are told apart, and how many of them there may be.
public struct DialInSettings: Hashable, Sendable {
    /// A way to find out who calls.
    public enum Identification: Hashable, Sendable {
        /// By the address that the connection comes from.
        case address
        /// By the first line that the meter or its modem sends.
        case firstLine
        /// By asking in a public association for the logical device name, and the system title in the answer to it.
        case asking(LinkSettings)
    }

    /// The address that meters connect to.
    public var host: String
    /// The port that meters connect to; 0 = any free one.
    public var port: Int
    /// The ways to find out who calls, in the order in which they are tried.
    public var identification: [Identification]
    /// What the first line looks like, without its end.
    public var firstLine: OctetPattern
    /// How many octets the first line has; nil = it ends with CR, LF or both.
    public var firstLineOctets: Int?
    /// How long each way may take as a whole, however little at a time comes.
    public var identificationTimeout: Duration
    /// What modems send between frames, and nobody needs.
    public var heartbeats: [OctetPattern]
    /// How many connections there may be; more are closed at once.
    public var mostCallers = 20_000
    /// How many callers are kept for which no meter is configured; the oldest makes room.
    public var mostUnknown = 100
    /// How long callers are kept for which no meter is configured.
    public var unknownTime = Duration.seconds(300)
    /// After how long a silence the system asks whether the other end is still there; an answer has to come within
    /// as long again.
    public var keepAlive = Duration.seconds(60)

    /// Makes settings.
    public init(
        host: String,
        port: Int,
        identification: [Identification],
        firstLine: OctetPattern,
        firstLineOctets: Int? = nil,
        identificationTimeout: Duration = .seconds(30),
        heartbeats: [OctetPattern] = []
    ) {
        self.host = host
        self.port = port
        self.identification = identification
        self.firstLine = firstLine
        self.firstLineOctets = firstLineOctets
        self.identificationTimeout = identificationTimeout
        self.heartbeats = heartbeats
    }
}
