// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import Fleet
public import Timekeeping

/// What came of importing a file with readouts.
public struct ReadoutImport: Sendable {
    /// What came of one readout of the file.
    public struct Item: Sendable {
        /// What became of a readout that could be read.
        public struct Accepted: Sendable {
            /// The meter whose it is.
            public let meter: MeterID
            /// The moment its values are of.
            public let takenAt: Timestamp
            /// How many objects it has.
            public let objectCount: Int
            /// Lines that are no data sets and were left out.
            public let oddLines: Int
            /// Whether the end of the data was seen.
            public let isComplete: Bool
            /// Whether a check came with it, and fits.
            public let isChecked: Bool
            /// Whether it took the place of the one before; false when a later one is kept already.
            public let isKept: Bool
        }

        /// The line on which it begins, counted from 1.
        public let line: Int
        /// What became of it.
        public let result: Result<Accepted, GatewayError>
    }

    /// Every readout of the file, in order.
    public let items: [Item]

    /// How many readouts were not taken.
    public var failures: Int {
        items.count { item in
            if case .failure = item.result { true } else { false }
        }
    }
}
