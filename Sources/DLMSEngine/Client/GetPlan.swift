// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Reads any number of attributes with as few exchanges as the server allows.
///
/// Attributes are packed into lists when both sides agreed to multiple references. A list that is refused is read one by
/// one, and so are lists for the rest of the association. Observed: meters that claim multiple references but fail
/// lists, and answer items of too long a list with scope-of-access-violated; such items are tried once alone.
struct GetPlan: Hashable, Sendable {
    private let requests: [AttributeRequest]
    /// Whether the value is handed over in parts.
    let streams: Bool
    private var results: [GetResult?]
    /// Indices of attributes still to be read, in order.
    private var waiting: [Int]
    /// Indices of the attributes asked for in the exchange in progress.
    private var asked: [Int] = []
    /// Indices of attributes that failed in a list although they might not alone; the first is asked for alone.
    private var doubted: [Int] = []

    init(_ requests: [AttributeRequest], streams: Bool) {
        self.requests = requests
        self.streams = streams
        results = Array(repeating: nil, count: requests.count)
        waiting = Array(requests.indices)
    }

    /// The results so far, one for each attribute once ``next(_:settings:)`` returns nothing.
    var response: [GetResult] { results.map { $0 ?? .failure(.otherReason) } }

    /// Whether the exchange in progress is a list.
    var asksForList: Bool { asked.count > 1 }

    /// What to ask for in the next exchange; nothing when everything was read.
    mutating func next(_ info: AssociationInfo, settings: AssociationSettings) -> [AttributeRequest] {
        if let suspect = doubted.first {
            asked = [suspect]
        } else if let first = waiting.first {
            asked = [first]
            waiting.removeFirst()
            pack(info, settings)
        } else {
            asked = []
        }
        return asked.map { requests[$0] }
    }

    /// Takes the results of the exchange in progress, and what they teach about lists.
    mutating func finished(_ new: [GetResult], _ info: inout AssociationInfo) {
        let before = results[asked[0]]
        for (index, result) in zip(asked, new) {
            results[index] = result
        }
        if asked.count > 1 {
            doubted = suspects(asked, new)
            if doubted.isEmpty { info.lists = .works }
        } else if !doubted.isEmpty {
            // Alone it went otherwise than in the list: the other suspects need their own try, too.
            if results[asked[0]] != before {
                info.lists = .refused
                waiting = Array(doubted.dropFirst()) + waiting
            } else {
                info.lists = .works
            }
            doubted = []
        }
    }

    /// The server refused the list in progress: its attributes are read one by one.
    mutating func listRefused(_ info: inout AssociationInfo) {
        info.lists = .refused
        waiting = asked + waiting
        asked = []
    }

    /// Adds attributes to the first one as long as list, request and agreement allow.
    private mutating func pack(_ info: AssociationInfo, _ settings: AssociationSettings) {
        guard info.lists == .untried || info.lists == .works, isListable(asked[0]) else { return }
        // Tag, choice, invoke-id and a count of up to three octets.
        var length = 6 + requests[asked[0]].octets.count
        while let candidate = waiting.first, asked.count < settings.maximumListLength, isListable(candidate) {
            length += requests[candidate].octets.count
            if length > info.requestLimit { return }
            asked.append(candidate)
            waiting.removeFirst()
        }
    }

    /// Long values are read alone: profile buffers (class 7) and object lists (classes 12 and 15), and all selections.
    private func isListable(_ index: Int) -> Bool {
        let request = requests[index]
        let isLong = request.descriptor.attributeID == 2 && [7, 12, 15].contains(request.descriptor.classID)
        return request.selectiveAccess == nil && !isLong
    }

    private func suspects(_ indices: [Int], _ results: [GetResult]) -> [Int] {
        var failed: [Int] = []
        var suspicious: [Int] = []
        for (index, result) in zip(indices, results) {
            guard case .failure(let reason) = result else { continue }
            failed.append(index)
            if Self.mayComeFromList.contains(reason) { suspicious.append(index) }
        }
        return failed.count == indices.count ? failed : suspicious
    }

    /// Reasons that may be about the list instead of the attribute.
    private static let mayComeFromList: Set<DataAccessResult> = [
        .scopeOfAccessViolated, .dataBlockUnavailable, .longGetAborted, .otherReason,
    ]
}
