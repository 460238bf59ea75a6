// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// How a server of IEC 62056-21 behaves; its mode is told by its identification.
public struct TextServerSettings: Hashable, Sendable {
    /// What it says of itself; the speed character decides about the mode, `\2` about HDLC.
    public var identification: IdentificationMessage
    /// The address that it answers to, beside to requests without one; nil = to any.
    ///
    /// Leading zeros do not count.
    public var address: String?
    /// Whether requests without an address are left to others, as on a line with several meters.
    public var needsAddress = false
    /// After how long it sends by itself again and again (mode D); nil = never, and it is asked.
    public var sendingInterval: Duration?
    /// Whether readouts stand between STX and ETX with a block check; else between identification and `!`.
    public var hasBlockCheck = true
    /// How long it waits before each answer; 200 ms in the standard, or 20 ms.
    public var reactionTime = Duration.milliseconds(200)
    /// After how long without a message it goes back to the beginning.
    public var inactivityTimeout = Duration.seconds(60)
    /// How long it waits for an option before it sends its data at 300 Bd; nil = it does not.
    public var optionTimeout: Duration?
    /// The most characters in each partial block of an answer to R3, R4 and R6; nil = whole answers.
    public var blockLength: Int? = 512
    /// How many wrong passwords it takes before it ends the session.
    public var passwordAttempts = 3
    /// Whether it hears nothing before it was woken by zeros.
    public var sleeps = false
    /// Whether it hands back what it hears, as an optical head does.
    public var echoes = false
    /// How its octets carry characters.
    public var parity = TextParity.stripped

    /// Usual behaviour.
    public init(identification: IdentificationMessage) {
        self.identification = identification
    }
}
