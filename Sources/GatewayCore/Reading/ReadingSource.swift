// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where a value came from.
public enum ReadingSource: String, Hashable, Sendable {
    /// From the meter, for this request.
    case live
    /// From memory.
    case cache
    /// From the meter, for several requests at once.
    case shared
    /// From a file with a readout that was imported, however it is asked for.
    case imported = "import"
}
