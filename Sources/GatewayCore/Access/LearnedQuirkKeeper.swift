// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Fleet
import Timekeeping

/// Keeps what exchanges find out about meters, so that it survives the process and is seen by others.
struct LearnedQuirkKeeper: Sendable {
    let store: any LearnedQuirkStore
    let clock: any WallClock

    /// Takes what is known after an exchange; only news are written, and nobody waits for it.
    func note(_ learned: LearnedBehaviour, of memory: MeterMemory) {
        guard !learned.isEmpty else { return }
        let news = memory.news(in: learned.quirks(at: clock.now()))
        guard !news.isEmpty else { return }
        let (store, id) = (store, memory.id)
        // A write that fails is made up for by the next process that learns the same.
        Task { try? await store.learn(news, about: id) }
    }
}
