// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Timekeeping

extension ConfigurationRecord {
    /// Writes which state of the record this is, and when it and the first one were written.
    func writeState(into writer: inout JSONWriter) {
        writer.member("revision", revision.text)
        writer.member("createdAt", createdAt.rfc3339)
        writer.member("updatedAt", updatedAt.rfc3339)
    }
}
