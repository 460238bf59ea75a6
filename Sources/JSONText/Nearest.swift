// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The word among `candidates` that a misspelt `word` most likely meant, nil if none is near.
///
/// Near means that inserting, removing, replacing or swapping neighbours at most a third of the characters (at least one) turns
/// one into the other. Case and the joints `-` and `_` do not count. Of equals the first wins.
public func nearest(_ word: String, in candidates: some Sequence<String>) -> String? {
    let wanted = folded(word)
    // Words of our own are short; a longer one is no misspelling and would only cost time.
    guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
        let known = folded(candidate)
        let allowed = max(1, max(wanted.count, known.count) / 3)
        guard abs(wanted.count - known.count) <= allowed else { continue }
        let distance = editDistance(wanted, known)
        guard distance <= allowed, distance < wanted.count, distance < best?.distance ?? .max else { continue }
        best = (distance, candidate)
    }
    return best?.candidate
}

private func folded(_ word: String) -> [UInt8] {
    word.lowercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") }
}

/// The optimal string alignment distance: each swap of neighbours counts once.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in 0..<left.count {
        var current = [row + 1]
        for column in 0..<right.count {
            let isSame = left[row] == right[column]
            var cost = min(last[column + 1] + 1, current[column] + 1, last[column] + (isSame ? 0 : 1))
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                cost = min(cost, beforeLast[column - 1] + 1)
            }
            current.append(cost)
        }
        beforeLast = last
        last = current
    }
    return last[right.count]
}
