/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unsupported.h - the calls that the token does not have: making and changing objects, encryption,
 * digests and verification, which programs do themselves.
 *
 * Included by module.c alone.
 */
#ifndef VCD_PKCS11_UNSUPPORTED_H
#define VCD_PKCS11_UNSUPPORTED_H

#include <p11-kit/pkcs11.h>

#define UNSUPPORTED(name, ...)                                                                     \
	static CK_RV name(__VA_ARGS__)                                                             \
	{                                                                                          \
		return CKR_FUNCTION_NOT_SUPPORTED;                                                 \
	}

UNSUPPORTED(no_init_token, CK_SLOT_ID slot_id, unsigned char *pin, CK_ULONG pin_len,
	    unsigned char *label)
UNSUPPORTED(no_init_pin, CK_SESSION_HANDLE session, unsigned char *pin, CK_ULONG pin_len)
UNSUPPORTED(no_set_pin, CK_SESSION_HANDLE session, unsigned char *old_pin, CK_ULONG old_len,
	    unsigned char *new_pin, CK_ULONG new_len)
UNSUPPORTED(no_get_operation_state, CK_SESSION_HANDLE session, unsigned char *operation_state,
	    CK_ULONG *operation_state_len)
UNSUPPORTED(no_set_operation_state, CK_SESSION_HANDLE session, unsigned char *operation_state,
	    CK_ULONG operation_state_len, CK_OBJECT_HANDLE encryption_key,
	    CK_OBJECT_HANDLE authentiation_key)
UNSUPPORTED(no_create_object, CK_SESSION_HANDLE session, CK_ATTRIBUTE *templ, CK_ULONG count,
	    CK_OBJECT_HANDLE *object)
UNSUPPORTED(no_copy_object, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *templ,
	    CK_ULONG count, CK_OBJECT_HANDLE *new_object)
UNSUPPORTED(no_get_object_size, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG *size)
UNSUPPORTED(no_set_attribute_value, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
	    CK_ATTRIBUTE *templ, CK_ULONG count)
UNSUPPORTED(no_encrypt_init, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
	    CK_OBJECT_HANDLE key)
UNSUPPORTED(no_encrypt, CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG data_len,
	    unsigned char *encrypted_data, CK_ULONG *encrypted_data_len)
UNSUPPORTED(no_encrypt_update, CK_SESSION_HANDLE session, unsigned char *part, CK_ULONG part_len,
	    unsigned char *encrypted_part, CK_ULONG *encrypted_part_len)
UNSUPPORTED(no_encrypt_final, CK_SESSION_HANDLE session, unsigned char *last_encrypted_part,
	    CK_ULONG *last_encrypted_part_len)
UNSUPPORTED(no_decrypt_update, CK_SESSION_HANDLE session, unsigned char *encrypted_part,
	    CK_ULONG encrypted_part_len, unsigned char *part, CK_ULONG *part_len)
UNSUPPORTED(no_decrypt_final, CK_SESSION_HANDLE session, unsigned char *last_part,
	    CK_ULONG *last_part_len)
UNSUPPORTED(no_digest_init, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism)
UNSUPPORTED(no_digest, CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG data_len,
	    unsigned char *digest, CK_ULONG *digest_len)
UNSUPPORTED(no_digest_update, CK_SESSION_HANDLE session, unsigned char *part, CK_ULONG part_len)
UNSUPPORTED(no_digest_key, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
UNSUPPORTED(no_digest_final, CK_SESSION_HANDLE session, unsigned char *digest, CK_ULONG *digest_len)
UNSUPPORTED(no_sign_recover_init, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
	    CK_OBJECT_HANDLE key)
UNSUPPORTED(no_sign_recover, CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG data_len,
	    unsigned char *signature, CK_ULONG *signature_len)
UNSUPPORTED(no_verify_init, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
	    CK_OBJECT_HANDLE key)
UNSUPPORTED(no_verify, CK_SESSION_HANDLE session, unsigned char *data, CK_ULONG data_len,
	    unsigned char *signature, CK_ULONG signature_len)
UNSUPPORTED(no_verify_update, CK_SESSION_HANDLE session, unsigned char *part, CK_ULONG part_len)
UNSUPPORTED(no_verify_final, CK_SESSION_HANDLE session, unsigned char *signature,
	    CK_ULONG signature_len)
UNSUPPORTED(no_verify_recover_init, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
	    CK_OBJECT_HANDLE key)
UNSUPPORTED(no_verify_recover, CK_SESSION_HANDLE session, unsigned char *signature,
	    CK_ULONG signature_len, unsigned char *data, CK_ULONG *data_len)
UNSUPPORTED(no_digest_encrypt_update, CK_SESSION_HANDLE session, unsigned char *part,
	    CK_ULONG part_len, unsigned char *encrypted_part, CK_ULONG *encrypted_part_len)
UNSUPPORTED(no_decrypt_digest_update, CK_SESSION_HANDLE session, unsigned char *encrypted_part,
	    CK_ULONG encrypted_part_len, unsigned char *part, CK_ULONG *part_len)
UNSUPPORTED(no_sign_encrypt_update, CK_SESSION_HANDLE session, unsigned char *part,
	    CK_ULONG part_len, unsigned char *encrypted_part, CK_ULONG *encrypted_part_len)
UNSUPPORTED(no_decrypt_verify_update, CK_SESSION_HANDLE session, unsigned char *encrypted_part,
	    CK_ULONG encrypted_part_len, unsigned char *part, CK_ULONG *part_len)
UNSUPPORTED(no_generate_key, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
	    CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_HANDLE *key)
UNSUPPORTED(no_generate_key_pair, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
	    CK_ATTRIBUTE *public_key_template, CK_ULONG public_key_attribute_count,
	    CK_ATTRIBUTE *private_key_template, CK_ULONG private_key_attribute_count,
	    CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key)
UNSUPPORTED(no_wrap_key, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
	    CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key, unsigned char *wrapped_key,
	    CK_ULONG *wrapped_key_len)
UNSUPPORTED(no_unwrap_key, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
	    CK_OBJECT_HANDLE unwrapping_key, unsigned char *wrapped_key, CK_ULONG wrapped_key_len,
	    CK_ATTRIBUTE *templ, CK_ULONG attribute_count, CK_OBJECT_HANDLE *key)
UNSUPPORTED(no_seed_random, CK_SESSION_HANDLE session, unsigned char *seed, CK_ULONG seed_len)
UNSUPPORTED(no_get_function_status, CK_SESSION_HANDLE session)
UNSUPPORTED(no_cancel_function, CK_SESSION_HANDLE session)

#endif /* VCD_PKCS11_UNSUPPORTED_H */
