// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// One thing to be done with a meter of IEC 62056-21.
///
/// A readout is a session of its own; commands share one session of the programming mode as long as they follow closely.
public enum TextRequest: Hashable, Sendable {
    /// Let the meter say who it is; no data are read.
    case identification
    /// Read all that the meter gives without having been asked for anything in particular.
    ///
    /// Of a meter that sends by itself it is what it sends next.
    case readout(TextReadoutKind)
    /// Read one data set after the other in the programming mode.
    case read([TextRead])
    /// Write a data set in the programming mode.
    case write(TextWrite)
    /// Execute (E2) in the programming mode.
    case execute(TextDataSet)

    /// Which service this is.
    public var service: ServiceRequest.Service {
        switch self {
        case .identification, .readout, .read: .get
        case .write: .set
        case .execute: .action
        }
    }
}

/// Which readout of a meter is meant; modes A, B and D have one only.
public enum TextReadoutKind: Hashable, Sendable {
    /// The data that the standard means: mode control `0`.
    case standard
    /// What the manufacturer put behind mode control `6` to `9`, often a short or a service readout.
    case manufacturer(ManufacturerReadout)

    /// The mode control character of the option.
    var modeControl: UInt8 {
        switch self {
        case .standard: 0x30
        case .manufacturer(let readout): readout.rawValue
        }
    }
}

/// The readouts left to manufacturers, by their mode control character.
public enum ManufacturerReadout: UInt8, Hashable, Sendable, CaseIterable {
    /// `6`.
    case six = 0x36
    /// `7`.
    case seven = 0x37
    /// `8`.
    case eight = 0x38
    /// `9`.
    case nine = 0x39
}

/// A data set to be read in the programming mode.
public struct TextRead: Hashable, Sendable {
    /// How it is asked for; which of them a meter knows is up to it.
    public enum Command: UInt8, Hashable, Sendable, CaseIterable {
        /// R1: as text.
        case text = 0x31
        /// R2: in formatted coding.
        case formatted = 0x32
        /// R3: as text, in partial blocks.
        case textBlocks = 0x33
        /// R4: in formatted coding, in partial blocks.
        case formattedBlocks = 0x34
        /// R5: a register.
        case register = 0x35
        /// R6: in blocks, as profiles are.
        case blocks = 0x36
    }

    /// How it is asked for.
    public var command: Command
    /// The identification code, with the values that stand behind it: one empty value, or the range of a profile.
    public var set: TextDataSet

    /// Asks for a data set as it stands.
    public init(_ set: TextDataSet, by command: Command = .text) {
        self.set = set
        self.command = command
    }

    /// Asks for an identification code, such as `1.8.0()`; nil for one that cannot be written.
    public init?(_ address: String, by command: Command = .text) {
        guard let value = TextValue(""), let set = TextDataSet(address: address, values: [value]) else { return nil }
        self.init(set, by: command)
    }

    /// Asks for the rows of a profile, such as `P.01(0260101000;0260102000)`; nil for what cannot be written.
    ///
    /// - Parameters:
    ///   - address: such as `P.01`, a load profile, or `P.98`, a log book.
    ///   - start: the first time, as the meter writes it; nil = from the beginning.
    ///   - end: the last time; nil = up to the end.
    public init?(profile address: String, from start: String?, to end: String?, by command: Command = .register) {
        guard let value = TextValue("\(start ?? "");\(end ?? "")"),
            let set = TextDataSet(address: address, values: [value])
        else { return nil }
        self.init(set, by: command)
    }
}

/// A data set to be written in the programming mode.
public struct TextWrite: Hashable, Sendable {
    /// How it is written.
    public enum Command: UInt8, Hashable, Sendable, CaseIterable {
        /// W1: as text.
        case text = 0x31
        /// W2: in formatted coding.
        case formatted = 0x32
        /// W3: as text, in partial blocks.
        case textBlocks = 0x33
        /// W4: in formatted coding, in partial blocks.
        case formattedBlocks = 0x34
        /// W5: a register.
        case register = 0x35
    }

    /// How it is written.
    public var command: Command
    /// The identification code with the values.
    public var set: TextDataSet

    /// Writes a data set.
    public init(_ set: TextDataSet, by command: Command = .text) {
        self.set = set
        self.command = command
    }
}
