// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet

/// Readings of callers who were answered already, on their way to the store: those that wait go there together.
///
/// While one group is being stored the next one gathers, so the store commits as often as it can and not for each reading,
/// and a caller has his value without waiting for the disk. There is a bound: who brings a reading when too many are not
/// stored yet waits until his is, and so nothing is dropped and memory does not grow.
actor ReadingQueue {
    private let mostUnstored: Int
    private let mostTogether: Int
    private let store: @Sendable ([ReadingBatch]) async -> Void

    private var waiting: [ReadingBatch] = []
    /// Readings that wait or are being stored.
    private var unstored = 0
    /// How many batches were ever added, and how many of them are done with.
    private var added = 0
    private var done = 0
    private var isStoring = false
    /// Who waits until so many batches are done with; in rising order.
    private var patient: [(until: Int, continuation: CheckedContinuation<Void, Never>)] = []

    /// Makes an empty queue.
    ///
    /// - Parameters:
    ///   - mostUnstored: with more readings than this not stored yet, callers wait for theirs.
    ///   - mostTogether: with so many readings a group is full.
    ///   - store: stores a group, or counts it as lost; called for one group at a time, in the order of their coming.
    init(mostUnstored: Int = 2000, mostTogether: Int = 500, store: @escaping @Sendable ([ReadingBatch]) async -> Void) {
        self.mostUnstored = mostUnstored
        self.mostTogether = mostTogether
        self.store = store
    }

    /// Takes a batch to be stored soon.
    func add(_ batch: ReadingBatch) async {
        waiting.append(batch)
        unstored += batch.readings.count
        added += 1
        if !isStoring {
            isStoring = true
            // Not bound to the caller: what others bring meanwhile is stored with it.
            Task { await storeWaiting() }
        }
        if unstored > mostUnstored { await settle() }
    }

    /// Waits until everything that was added before is done with.
    func settle() async {
        let last = added
        guard done < last else { return }
        await withCheckedContinuation { patient.append((last, $0)) }
    }

    /// How many wait for what was added before.
    var patientCount: Int { patient.count }

    private func storeWaiting() async {
        while !waiting.isEmpty {
            let group = takeGroup()
            await store(group)
            done += group.count
            unstored -= group.reduce(0) { $0 + $1.readings.count }
            let served = patient.prefix { $0.until <= done }
            patient.removeFirst(served.count)
            for caller in served { caller.continuation.resume() }
        }
        isStoring = false
    }

    private func takeGroup() -> [ReadingBatch] {
        var count = 0
        var readings = 0
        while count < waiting.count, readings < mostTogether {
            readings += waiting[count].readings.count
            count += 1
        }
        defer { waiting.removeFirst(count) }
        return Array(waiting.prefix(count))
    }
}
