// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

enum AssociationEntry {
    /// Association APDUs encode to what they mean, and so does what they carry.
    static func fault(of input: [UInt8]) -> String? {
        if let request = try? AARQ(octets: input) {
            guard (try? AARQ(octets: request.octets)) == request else { return "an AARQ changes" }
            return fault(ofUserInformation: request.userInformation)
        }
        if let response = try? AARE(octets: input) {
            guard (try? AARE(octets: response.octets)) == response else { return "an AARE changes" }
            _ = (response.diagnostic.name, response.result)
            return fault(ofUserInformation: response.userInformation)
        }
        if let request = try? RLRQ(octets: input), (try? RLRQ(octets: request.octets)) != request {
            return "an RLRQ changes"
        }
        if let response = try? RLRE(octets: input), (try? RLRE(octets: response.octets)) != response {
            return "an RLRE changes"
        }
        return fault(ofUserInformation: input)
    }

    private static func fault(ofUserInformation octets: [UInt8]?) -> String? {
        guard let octets else { return nil }
        if let request = try? InitiateRequest(octets: octets),
            (try? InitiateRequest(octets: request.octets)) != request
        {
            return "an InitiateRequest changes"
        }
        if let response = try? InitiateResponse(octets: octets),
            (try? InitiateResponse(octets: response.octets)) != response
        {
            return "an InitiateResponse changes"
        }
        if let error = try? ConfirmedServiceError(octets: octets) {
            _ = (error.serviceName, error.errorClassName, error.errorName)
        }
        return nil
    }
}
