// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// One element of a field such as `Cache-Control: max-age=5, no-cache` or `Prefer: wait=20, respond-async`.
public struct HTTPDirective: Hashable, Sendable {
    /// The name in lower case.
    public let name: String
    /// What follows the equals sign, unquoted; nil if there is none.
    public let value: String?

    /// Makes a directive.
    public init(name: String, value: String? = nil) {
        self.name = name
        self.value = value
    }
}

extension HTTPHeaders {
    /// The directives of a list field in their order; parameters after a semicolon are dropped.
    public func directives(_ name: String) -> [HTTPDirective] {
        list(name).map { element in
            let head = HTTPFieldText.elements(element, separator: UInt8(ascii: ";")).first ?? ""
            let parts = head.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return HTTPDirective(
                name: HTTPFieldText.trimmed(parts[0]).lowercased(),
                value: parts.count > 1 ? HTTPFieldText.unquoted(HTTPFieldText.trimmed(parts[1])) : nil
            )
        }
    }
}
