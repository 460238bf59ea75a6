// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc
import Synchronization

// A lock and not an actor: it is asked on the thread that received the request.
/// Keeps each principal to so many requests in a minute: what is not used gathers, up to the requests of one minute.
public final class RateLimiter: Sendable {
    /// Where a principal stands after a request.
    struct Standing: Sendable {
        let limit: Int
        /// How many requests it may make at once.
        let remaining: Int
        /// Seconds until it may make one more.
        let wait: Int
        let isAdmitted: Bool

        /// The fields of an answer, by the draft standard of the IETF for such fields.
        func add(to headers: inout HTTPHeaders) {
            // In place of what another gateway says that answered for this one.
            headers.set("RateLimit-Policy", "\"requests\";q=\(limit);w=60")
            headers.set("RateLimit", "\"requests\";r=\(remaining);t=\(wait)")
        }

        /// 429: the caller has to wait.
        var problem: Problem {
            Problem(
                "rate-limited",
                status: 429,
                title: "Too many requests",
                detail: "The caller may make \(limit) requests in a minute.",
                hint: "Repeat in \(wait) s.",
                retryable: true,
                headers: HTTPHeaders([.init(name: "Retry-After", value: "\(wait)")])
            )
        }
    }

    private struct Bucket {
        var level: Double
        var most: Double
        var filledAt: ContinuousClock.Instant

        /// What there is at a moment.
        func level(at now: ContinuousClock.Instant) -> Double {
            min(most, level + (now - filledAt) / .seconds(1) * most / 60)
        }
    }

    /// With more principals than this, those who have everything left are forgotten, then those who asked least lately.
    private static let mostBuckets = 10_000

    private let usual: Int?
    private let buckets = Mutex<[String: Bucket]>([:])

    /// Makes a limiter.
    ///
    /// - Parameter usual: requests in a minute for who has no limit of its own; nil for no limit.
    public init(usual: Int?) { self.usual = usual }

    /// Counts a request; nil where there is no limit.
    ///
    /// Who has no credentials reaches little and is not counted, so that probes of health are always answered.
    func count(_ caller: CallerIdentity, _ request: HTTPRequest, at now: ContinuousClock.Instant) -> Standing? {
        let (limit, name): (Int?, String)
        switch caller {
        case .anonymous: return nil
        case .known(let principal): (limit, name) = (principal.requestsPerMinute ?? usual, principal.name)
        case .everybody, .refused: (limit, name) = (usual, Self.network(of: request.remoteAddress))
        }
        guard let limit else { return nil }
        let most = Double(limit)
        return buckets.withLock { buckets in
            if buckets.count >= Self.mostBuckets, buckets[name] == nil { Self.makeRoom(in: &buckets, at: now) }
            var bucket = buckets[name] ?? Bucket(level: most, most: most, filledAt: now)
            bucket.most = most
            bucket.level = bucket.level(at: now)
            bucket.filledAt = now
            let isAdmitted = bucket.level >= 1
            if isAdmitted { bucket.level -= 1 }
            buckets[name] = bucket
            let missing = max(0, 1 - bucket.level) * 60 / most
            return Standing(
                limit: limit,
                remaining: Int(bucket.level),
                wait: isAdmitted && bucket.level >= 1 ? 0 : max(1, Int(missing.rounded(.up))),
                isAdmitted: isAdmitted
            )
        }
    }

    private static func makeRoom(in buckets: inout [String: Bucket], at now: ContinuousClock.Instant) {
        buckets = buckets.filter { $0.value.level(at: now) < $0.value.most }
        guard buckets.count >= mostBuckets else { return }
        // A tenth at once, so that the next ones cost no such look.
        for (name, _) in buckets.sorted(by: { $0.value.filledAt < $1.value.filledAt }).prefix(mostBuckets / 10) {
            buckets[name] = nil
        }
    }

    /// The address, or the /64 of an IPv6 address, all of which is one subscriber's.
    private static func network(of address: String) -> String {
        guard address.contains(":") else { return address }
        var octets = in6_addr()
        guard inet_pton(AF_INET6, address, &octets) == 1 else { return address }
        return withUnsafeBytes(of: octets) { octets in
            // An IPv4 address that was mapped into IPv6 is what it was.
            let isMapped = octets[..<10].allSatisfy { $0 == 0 } && octets[10] == 0xFF && octets[11] == 0xFF
            return isMapped ? address : octets[..<8].map { String($0, radix: 16) }.joined(separator: " ")
        }
    }
}
