// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit

/// What a caller says in `Accept-Encoding` (RFC 9110 §12.5.3).
struct AcceptedCodings {
    private var gzip: Double?
    private var identity: Double?
    private var others: Double?

    /// Reads the field; what is no coding or has no proper weight is passed over.
    init(_ headers: HTTPHeaders) {
        for element in headers.list("Accept-Encoding") {
            let parts = element.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let coding = parts.first, let weight = Self.weight(parts.dropFirst()) else { continue }
            switch coding {
            // RFC 9110 §8.4.1.3: the same under an old name.
            case "gzip", "x-gzip": gzip = weight
            case "identity": identity = weight
            case "*": others = weight
            default: break
            }
        }
    }

    /// Whether gzip is welcome, and at least as welcome as octets as they are.
    var prefersGzip: Bool {
        guard let weight = gzip ?? others, weight > 0 else { return false }
        // What is not named is accepted without being wished for.
        return weight >= identity ?? 0
    }

    private static func weight(_ parameters: some Sequence<String>) -> Double? {
        for parameter in parameters where parameter.hasPrefix("q=") {
            guard let weight = Double(parameter.dropFirst(2)), (0...1).contains(weight) else { return nil }
            return weight
        }
        return 1
    }
}
