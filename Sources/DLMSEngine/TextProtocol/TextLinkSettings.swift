// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Everything a client needs to know to talk the text protocol of IEC 62056-21 with a meter.
///
/// The password of the programming mode is the secret of ``AssociationSettings/authentication``; without one none is given.
public struct TextLinkSettings: Hashable, Sendable {
    /// Who begins.
    public enum Access: Hashable, Sendable {
        /// The client asks: modes A, B, C and E.
        case asking
        /// The meter sends by itself on a line of this format: mode D, or a customer port with that layout.
        case listening(LineFormat)
    }

    /// How the password is given in the programming mode.
    public enum PasswordCommand: Hashable, Sendable {
        /// P1: as it is.
        case plain
        /// P2: made of the password and the operand that the meter sent, by whoever drives the machine.
        case encrypted
    }

    /// How the meter is greeted.
    public var signOn: TextSignOnSettings
    /// Who begins.
    public var access = Access.asking
    /// How the password is given.
    public var passwordCommand = PasswordCommand.plain
    /// The protocol control character of the option: `0` normal, `1` secondary.
    public var protocolControl: UInt8 = 0x30
    /// How often a damaged message is asked for again, and a command sent again that the meter did not understand.
    public var repeats = 3
    /// How long the programming mode lasts without a command; a meter leaves it by itself 60 s to 120 s after the last.
    public var programmingTimeout = Duration.seconds(50)
    /// How long to wait for a meter that sends by itself.
    public var listeningTimeout = Duration.seconds(60)
    /// The most characters of a write that goes in partial blocks (W3, W4) in one of them.
    public var writeBlockLength = 64
    /// How long to wait between the end of a session and the request of the next.
    ///
    /// A meter keeps the speed of a session for about 1.5 s after it.
    public var pauseBetweenSessions = Duration.milliseconds(2000)

    /// Makes settings.
    public init(_ signOn: TextSignOnSettings = TextSignOnSettings()) {
        self.signOn = signOn
    }
}
