// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

extension JSONValue: ExpressibleByDictionaryLiteral {
    /// Lets a test write the object that it expects.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(JSONObject(elements.map { .init(name: $0.0, value: $0.1) }) ?? JSONObject())
    }
}
