// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Writes variables with as few exchanges as the server allows, in their order; a refused list is written one by one.
struct WritePlan: Hashable, Sendable {
    private let writes: [AttributeWrite]
    private let variables: [VariableAccess?]
    private var results: [DataAccessResult?]
    private var waiting: [Int]
    private var asked: [Int] = []

    init(_ writes: [AttributeWrite], _ names: ShortNames) {
        self.writes = writes
        var variables: [VariableAccess?] = []
        var results: [DataAccessResult?] = []
        for write in writes {
            switch names.access(write.request) {
            case .found(let variable):
                variables.append(variable)
                results.append(nil)
            case .missing(let reason):
                variables.append(nil)
                results.append(reason)
            }
        }
        self.variables = variables
        self.results = results
        waiting = variables.indices.filter { variables[$0] != nil }
    }

    /// The results so far, one for each write once ``next(_:settings:)`` returns nothing.
    var response: [DataAccessResult] { results.map { $0 ?? .otherReason } }

    /// What is known if nothing more comes.
    var partialOutcome: PartialOutcome {
        PartialOutcome(results: .set(results.prefix { $0 != nil }.compactMap(\.self)), unknown: asked.count)
    }

    /// Whether the exchange in progress is a list.
    var asksForList: Bool { asked.count > 1 }

    /// What to write in the next exchange; nothing when everything was written.
    mutating func next(
        _ info: AssociationInfo,
        settings: AssociationSettings
    ) -> (variables: [VariableAccess], values: [DLMSData]) {
        asked = []
        let support = info.learned.writeLists
        let mayUseLists =
            info.conformance.contains(.multipleReferences) && settings.writeLists != .never
            && support.isUsable
        // Tag and two counts of up to three octets.
        var length = 7
        while let candidate = waiting.first, let variable = variables[candidate] {
            length += variable.octets.count + writes[candidate].value.octets.count
            let mayJoin =
                mayUseLists && asked.count < settings.maximumListLength
                && length <= info.requestLimit
            guard asked.isEmpty || mayJoin else { break }
            asked.append(candidate)
            waiting.removeFirst()
        }
        return (asked.compactMap { variables[$0] }, asked.map { writes[$0].value })
    }

    /// Takes the results of the exchange in progress.
    mutating func finished(_ new: [DataAccessResult], _ info: inout AssociationInfo) {
        for (index, result) in zip(asked, new) {
            results[index] = result
        }
        if asked.count == 1 {
            info.learned.writeLists.noteAnswerWithout()
        } else if new.contains(.success) {
            info.learned.writeLists = .works
        }
    }

    /// The server refused the list in progress: its variables are written one by one.
    mutating func listRefused(_ info: inout AssociationInfo) {
        info.learned.writeLists = .refused
        waiting = asked + waiting
        asked = []
    }
}
