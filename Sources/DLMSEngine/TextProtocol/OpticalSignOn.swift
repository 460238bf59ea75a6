// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The sign-on of IEC 62056-21 mode E in front of HDLC: the meter is greeted in text and told to go on with HDLC.
///
/// The line begins with 7 data bits and even parity at 300 Bd and goes on with 8 data bits without parity at the agreed
/// speed; the meter confirms the change by repeating the option.
public struct OpticalSignOn: Hashable, Sendable {
    /// How the meter is greeted.
    public var signOn: TextSignOnSettings
    /// How long to wait between the confirmation and the first frame.
    ///
    /// Observed: some meters need about 300 ms.
    public var pause = Duration.milliseconds(300)
    /// Whether a meter that does not announce HDLC by `\2` is told to use it all the same.
    public var insists = false
    /// Whether a meter that does not confirm the change is sent the first frame all the same.
    public var confirmationIsOptional = true

    /// Makes a sign-on.
    public init(_ signOn: TextSignOnSettings = TextSignOnSettings()) {
        self.signOn = signOn
    }
}
