// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// Which rows of a profile's buffer are wanted (Blue Book, class 7, selective access to buffer).
extension SelectiveAccess {
    /// Rows from one time to another, both included: selector 1, range_descriptor.
    /// - Parameters:
    ///   - from: The first time.
    ///   - to: The last time.
    ///   - restricting: The column that is compared, the clock if not said otherwise.
    ///   - columns: The wanted columns; empty for all.
    public static func range(
        from: COSEMDateTime,
        to: COSEMDateTime,
        restricting: CaptureObject = .clock,
        columns: [CaptureObject] = []
    ) -> SelectiveAccess {
        range(
            from: .octetString(from.octets),
            to: .octetString(to.octets),
            restricting: restricting,
            columns: columns
        )
    }

    /// Rows whose restricting column lies between two values, both included: selector 1, range_descriptor.
    public static func range(
        from: DLMSData,
        to: DLMSData,
        restricting: CaptureObject,
        columns: [CaptureObject] = []
    ) -> SelectiveAccess {
        SelectiveAccess(
            selector: 1,
            parameters: .structure([restricting.data, from, to, .array(columns.map(\.data))])
        )
    }

    /// Rows and columns by number, from 1: selector 2, entry_descriptor.
    /// - Parameters:
    ///   - firstEntry: The first row, 1 = the oldest in a buffer sorted first in, first out.
    ///   - lastEntry: The last row; 0 = the last one there is.
    ///   - firstColumn: The first column.
    ///   - lastColumn: The last column; 0 = the last one there is.
    public static func entries(
        from firstEntry: UInt32,
        to lastEntry: UInt32 = 0,
        firstColumn: UInt16 = 1,
        lastColumn: UInt16 = 0
    ) -> SelectiveAccess {
        SelectiveAccess(
            selector: 2,
            parameters: .structure([
                .doubleLongUnsigned(firstEntry), .doubleLongUnsigned(lastEntry), .longUnsigned(firstColumn),
                .longUnsigned(lastColumn),
            ])
        )
    }
}
