// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Media types and the choice among them (RFC 9110 §8.3 and §12.5.1).
public enum MediaType {
    /// The type without its parameters in lower case: `Application/JSON; charset=utf-8` gives `application/json`.
    public static func essence(of text: String) -> String {
        HTTPFieldText.trimmed(text.prefix { $0 != ";" }).lowercased()
    }

    /// The offer that the caller likes best, nil if it accepts none; without an Accept field the first offer.
    ///
    /// The most specific range that fits an offer decides its weight; of equal weights the earlier offer wins.
    public static func best(of offers: [String], for headers: HTTPHeaders) -> String? {
        guard headers["Accept"] != nil else { return offers.first }
        let ranges = headers.list("Accept").map(AcceptRange.init)
        guard !ranges.isEmpty else { return offers.first }
        var best: (offer: String, weight: Double)?
        for offer in offers {
            let fitting = ranges.filter { $0.fits(essence(of: offer)) }
            guard let weight = fitting.max(by: { $0.precision < $1.precision })?.weight, weight > 0 else { continue }
            if weight > best?.weight ?? 0 { best = (offer, weight) }
        }
        return best?.offer
    }
}

/// One element of an Accept field.
private struct AcceptRange {
    let type: String
    let weight: Double

    init(_ text: String) {
        let parts = HTTPFieldText.elements(text, separator: UInt8(ascii: ";"))
        type = parts.first?.lowercased() ?? ""
        let quality = parts.dropFirst().first { $0.lowercased().hasPrefix("q=") }
        weight = quality.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
    }

    /// `*/*` 0, `type/*` 1, `type/subtype` 2.
    var precision: Int {
        if type == "*/*" { 0 } else if type.hasSuffix("/*") { 1 } else { 2 }
    }

    func fits(_ essence: String) -> Bool {
        type == "*/*" || type == essence || (type.hasSuffix("/*") && essence.hasPrefix(type.dropLast()))
    }
}
