// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Fleet
import Timekeeping

extension LearnedBehaviour {
    /// What is worth keeping beyond the life of the process, as options of the meter.
    ///
    /// Silence is not kept, however often it was met: it may have had other reasons.
    func quirks(at moment: Timestamp) -> [LearnedQuirk] {
        var values: [String: QuirkValue] = [:]
        if readLists == .refused {
            values["withListMaximum"] = .integer(1)
        } else if let listMaximum {
            values["withListMaximum"] = .integer(Int64(clamping: max(listMaximum, 1)))
        }
        if let requestLimit, (40...65_535).contains(requestLimit) {
            values["maxSendPDU"] = .integer(Int64(requestLimit))
        }
        switch actionBlockContent {
        case .outcome: values["actionBlockContent"] = .text("complete")
        case .returnedData: values["actionBlockContent"] = .text("data")
        case nil: break
        }
        return values.map { LearnedQuirk(name: $0, value: $1, learnedAt: moment) }.sorted { $0.name < $1.name }
    }
}

extension EffectiveBehaviour {
    /// What of that is news: options that have another value so far.
    func news(in learned: [LearnedQuirk]) -> [LearnedQuirk] {
        learned.filter { quirk in Quirk.named(quirk.name)?.value(in: behaviour) != quirk.value }
    }
}
