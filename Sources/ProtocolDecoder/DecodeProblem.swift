// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Why octets could not be decoded.
struct DecodeProblem: Error, Hashable {
    /// What kind of fault it is.
    var title: String
    /// The fault itself.
    var detail: String
    /// Where it is: octets from the start, or characters for text that is not hexadecimal.
    var offset: Int?
    /// What may help.
    var hint: String?

    init(title: String, detail: String, offset: Int? = nil, hint: String? = nil) {
        self.title = title
        self.detail = detail
        self.offset = offset
        self.hint = hint
    }

    init(_ error: DecodeError, layer: DecodeLayer) {
        title = "Not a valid \(layer.rawValue) encoding"
        detail = error.description
        offset = error.offset
        hint =
            switch error.reason {
            case .truncated: "Check that the message was copied to its end."
            case .unknownTag, .unknownChoice:
                layer == .auto
                    ? "Name the layer if it is known." : "Check that the octets are of layer \(layer.rawValue)."
            case .countTooLarge, .invalidLength: "Check that no octet is missing in front of this one."
            case .checkFailed: "An octet was damaged or copied wrongly, or the check sequence was."
            case .nestedTooDeep, .trailingOctets, .invalidValue, .missingField: nil
            }
    }

    static let layerMissing = DecodeProblem(
        title: "Layer missing",
        detail: "The octets were to be taken for a layer that was not named."
    )
}
