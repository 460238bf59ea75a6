// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// What a meter answered to a ``TextRequest``; refusals of single data sets are data here.
public enum TextResponse: Hashable, Sendable {
    /// Who the meter is.
    case identification(IdentificationMessage)
    /// A readout.
    case readout(TextReadout)
    /// One result for each data set asked for, in the same order.
    case read([TextReadResult])
    /// What came of a write or an execution.
    case done(TextOutcome)
}

/// A readout with who gave it.
public struct TextReadout: Hashable, Sendable {
    /// What secures the data against damage.
    public enum Check: Hashable, Sendable {
        /// A block check character.
        case blockCheck
        /// Four check digits behind `!`.
        case checkDigits
        /// Nothing but the parity of characters.
        case none
    }

    /// Who the meter is.
    public var identification: IdentificationMessage
    /// The data; ``TextDataBlock/sets`` has all data sets with their identification codes, values and units.
    public var block: TextDataBlock
    /// What secures the data.
    public var check: Check

    /// Makes a readout.
    public init(identification: IdentificationMessage, block: TextDataBlock, check: Check) {
        self.identification = identification
        self.block = block
        self.check = check
    }

    /// A readout without control characters: of modes A, B and D, of a customer port, or kept as a file.
    public init(_ telegram: TextTelegram) {
        self.init(
            identification: telegram.identification,
            block: telegram.block,
            check: telegram.hasCheckDigits ? .checkDigits : .none
        )
    }
}

/// A data set that was read, or why there is none.
public enum TextReadResult: Hashable, Sendable {
    /// The data.
    ///
    /// Meters may leave out the identification code, which is then empty. A profile comes as ``TextProfile`` reads it.
    case data(TextDataBlock)
    /// The meter refuses, with its own word for why, such as `ER01`; empty when it says nothing.
    case refused(code: String)
}

/// What came of a write or an execution.
public enum TextOutcome: Hashable, Sendable {
    /// It was carried out.
    case done
    /// It was carried out, and the meter says more.
    case answered(TextDataBlock)
    /// The meter refuses, with its own word for why, such as `ER05`; empty when it says nothing.
    case refused(code: String)
}
