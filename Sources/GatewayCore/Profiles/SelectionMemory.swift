// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Synchronization
import Timekeeping

/// Which kinds of selective access a meter was found to refuse, profile by profile, until its configuration changes.
final class SelectionMemory: Sendable {
    /// A kind of selective access to a profile's buffer.
    enum Kind: Hashable, Sendable {
        /// Rows by time.
        case range
        /// Rows by number.
        case entries
        /// Columns.
        case columns

        /// The name of the option that says the same of a model.
        var quirk: String {
            switch self {
            case .range: "rangeSelection"
            case .entries: "entrySelection"
            case .columns: "columnSelection"
            }
        }
    }

    private struct Refusal: Hashable {
        let profile: OBISCode
        let kind: Kind
    }

    private let refusals = Mutex<[Refusal: Timestamp]>([:])

    /// Whether a kind may be tried: the meter is not known to refuse it.
    func allows(_ kind: Kind, of profile: OBISCode, _ behaviour: ProfileBehaviour) -> Bool {
        let known =
            switch kind {
            case .range: behaviour.rangeSelection
            case .entries: behaviour.entrySelection
            case .columns: behaviour.columnSelection
            }
        return known == .supported
            && refusals.withLock { $0[Refusal(profile: profile, kind: kind)] == nil }
    }

    /// Notes that the meter refused a kind where the same without it was served.
    func note(_ kind: Kind, of profile: OBISCode, at moment: Timestamp) {
        refusals.withLock { $0[Refusal(profile: profile, kind: kind)] = moment }
    }

    /// What was learned, as options of the meter: the first moment of each.
    var learned: [LearnedQuirk] {
        let known = refusals.withLock { $0 }
        return [Kind.range, .entries, .columns].compactMap { kind in
            known.filter { $0.key.kind == kind }.map(\.value).min()
                .map { LearnedQuirk(name: kind.quirk, value: .text("unsupported"), learnedAt: $0) }
        }
    }
}
