// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Divides a claim among jobs.
enum ClaimShares {
    /// How many executions each job gets: the most urgent jobs first, and equals alike as far as they can take them.
    ///
    /// - Parameter jobs: in the order in which they are to be served.
    static func allot(_ limit: Int, among jobs: [JobRow]) -> [Int] {
        var shares = [Int](repeating: 0, count: jobs.count)
        var rest = limit
        var start = 0
        while start < jobs.count, rest > 0 {
            let priority = jobs[start].record.specification.priority
            let end = jobs[start...].firstIndex { $0.record.specification.priority != priority } ?? jobs.count
            // Each round gives every job that can take one more the same; it ends when none can or nothing is left.
            var hungry = Array(start..<end)
            while rest > 0, !hungry.isEmpty {
                let portion = max(rest / hungry.count, 1)
                for index in hungry where rest > 0 {
                    let given = min(portion, jobs[index].capacity - shares[index], rest)
                    shares[index] += given
                    rest -= given
                }
                hungry = hungry.filter { shares[$0] < jobs[$0].capacity }
            }
            start = end
        }
        return shares
    }
}
