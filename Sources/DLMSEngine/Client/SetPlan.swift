// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Writes attributes one after the other.
struct SetPlan: Hashable, Sendable {
    private let writes: [AttributeWrite]
    /// The results of the writes done so far.
    private(set) var response: [DataAccessResult] = []

    init(_ writes: [AttributeWrite]) {
        self.writes = writes
    }

    /// The write to be done next; nil when all are done.
    var next: AttributeWrite? {
        response.count < writes.count ? writes[response.count] : nil
    }

    /// Takes the result of the write in progress.
    mutating func finished(_ result: DataAccessResult) {
        response.append(result)
    }
}
