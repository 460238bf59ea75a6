// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// The data of a meter of IEC 62056-21, as a ``ServerMachine`` needs them: every call is answered at once.
public protocol TextObjectServer: Sendable {
    /// The data of a readout; nil when the meter has none of this kind.
    func readout(_ kind: TextReadoutKind) -> TextDataBlock?

    /// What the password of the programming mode is made with, sent with P0; empty = nothing.
    func passwordOperand() -> String

    /// Whether a password is right: as it is (P1), or made with the operand (P2).
    func accepts(password: [UInt8], isEncrypted: Bool, operand: String) -> Bool

    /// Carries out a command of the programming mode.
    ///
    /// - Parameter isAuthenticated: whether a right password was given before.
    func perform(_ command: TextServerCommand, isAuthenticated: Bool) -> TextServerAnswer
}

/// A command of the programming mode, as a meter gets it.
public enum TextServerCommand: Hashable, Sendable {
    /// R1 to R6.
    case read(TextRead)
    /// W1 to W5.
    case write(TextWrite)
    /// E2.
    case execute(TextDataSet)
}

/// What a meter answers to a command.
public enum TextServerAnswer: Hashable, Sendable {
    /// Data.
    case data(TextDataBlock)
    /// It was carried out; nothing more is to be said.
    case done
    /// The meter refuses, with its own word for why, such as `ER01`; empty = by NAK.
    case refused(code: String)
}
