// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

extension JSONValue {
    /// The value after a merge patch (RFC 7396): members of the patch replace those here, `null` removes.
    ///
    /// The depth is bounded by that of the patch, which its reader has limited.
    public func merging(patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var result = object ?? JSONObject()
        for change in changes.members {
            // A plain `nil` would be the literal null here, which is a value and removes nothing.
            result[change.name] =
                change.value.isNull
                ? JSONValue?.none : (result[change.name] ?? .null).merging(patch: change.value)
        }
        return .object(result)
    }
}

extension MeterConfiguration {
    /// The configuration after a merge patch (RFC 7396), checked as a whole; secrets not patched stay.
    ///
    /// - Throws: the first fault with its place.
    public func merging(patch: JSONValue) throws(JSONMemberError) -> MeterConfiguration {
        var writer = JSONWriter()
        write(into: &writer, secrets: .redacted)
        guard let present = try? JSONReader.parse(writer.octets) else {
            // What this target's own writer writes is JSON, so this is never reached.
            throw JSONMemberError(.invalid(expected: "a configuration", suggestion: nil), at: .root)
        }
        // A secret is replaced as a whole: a patch with another form must not be merged into {"set":true}.
        return try MeterConfiguration(
            present.withoutMarks(where: patch).merging(patch: patch),
            secrets: .clear(keeping: secrets)
        )
    }
}

extension JSONValue {
    /// Removes each `{"set":true}` for which the patch has something else.
    fileprivate func withoutMarks(where patch: JSONValue) -> JSONValue {
        guard case .object(var object) = self, case .object(let changes) = patch else { return self }
        for change in changes.members {
            guard let present = object[change.name] else { continue }
            let isMark = present["set"] == true && present.object?.members.count == 1
            object[change.name] = isMark ? JSONValue?.none : present.withoutMarks(where: change.value)
        }
        return .object(object)
    }
}
