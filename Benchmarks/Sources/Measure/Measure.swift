// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// One thing to measure against others: a name and a piece of work that is done over and over.
public struct Contender {
    /// What it is called in the table.
    public let name: String
    /// Does the work once and returns something that depends on it, so that it cannot be left out.
    public let work: () -> Int

    /// Makes a contender.
    public init(_ name: String, work: @escaping () -> Int) {
        self.name = name
        self.work = work
    }
}

/// Measures CPU time in interleaved rounds and prints the medians, each beside its ratio to the first contender.
///
/// - Returns: the medians in seconds for one piece of work, in the order of the contenders.
@discardableResult
public func compare(_ title: String, rounds: Int = 7, repetitions: Int, _ contenders: [Contender]) -> [Double] {
    var times = contenders.map { _ in [Double]() }
    var sink = 0
    // The first round warms caches up and does not count.
    for round in 0...rounds {
        for (index, contender) in contenders.enumerated() {
            let start = processSeconds()
            for _ in 0..<repetitions { sink &+= contender.work() }
            if round > 0 { times[index].append((processSeconds() - start) / Double(repetitions)) }
        }
    }
    let medians = times.map { $0.sorted()[$0.count / 2] }
    print("\(title) (CPU time, median of \(rounds) interleaved rounds, check \(sink & 0xFF))")
    for (contender, median) in zip(contenders, medians) {
        let ratio = median / medians[0]
        print("  \(padded(contender.name, 34)) \(rounded(median * 1e6)) us   \(rounded(ratio)) x")
    }
    return medians
}

/// A number with three significant places, for tables.
public func rounded(_ value: Double) -> String {
    let scale: Double = value < 1 ? 1000 : value < 100 ? 100 : 1
    return "\((value * scale).rounded() / scale)"
}

private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

/// The CPU time of this process, all its threads together.
public func processSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The CPU time of this process so far, in seconds: as a whole, and spent in the kernel.
public func processTimes() -> (total: Double, kernel: Double) {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let kernel = Double(usage.ru_stime.tv_sec) + Double(usage.ru_stime.tv_usec) / 1e6
    return (kernel + Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6, kernel)
}
